/* builtin_data.S - the files of models/ that builtin.c knows, as they are. */
    .macro file symbol, path
    .balign 64
    .globl \symbol, \symbol\()_end
    .hidden \symbol, \symbol\()_end
\symbol:
    .incbin "\path"
\symbol\()_end:
    .byte 0
    .endm

    .section .rodata
    file dv_zfnet64_json, "models/zfnet64.json"
    file dv_zfnet64_weights, "models/zfnet64.safetensors"
    file dv_tiny_imagenet_100_txt, "models/tiny-imagenet-100.txt"

    .section .note.GNU-stack, "", %progbits
