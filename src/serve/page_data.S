/* page_data.S - the page of `serve` in three files, as site_data.S has those of an atlas's page: of
 * each its name and a NUL, its size in 8 bytes at the next multiple of 8, its bytes; an empty name
 * ends them. The styles are one file, and the scripts, with those that are the atlas's: a browser
 * takes longer to ask for thirty than to read one. The lists are made by the Makefile: a new file
 * needs no edit here. */
    .macro part path
    .incbin "\path"
    .ascii "\n"
    .endm

    .section .rodata
    .balign 8
    .globl dv_page_files
    .hidden dv_page_files
dv_page_files:
    .asciz "serve.html"
    .balign 8
    .quad 2f - 1f
1:  .incbin "src/serve/site/serve.html"
2:
    .asciz "page.css"
    .balign 8
    .quad 4f - 3f
3:  .include "page_styles.inc"
4:
    .asciz "page.js"
    .balign 8
    .quad 6f - 5f
5:  .include "page_scripts.inc"
6:
    .byte 0

    .section .note.GNU-stack, "", %progbits
