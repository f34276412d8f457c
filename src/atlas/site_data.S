/* site_data.S - the files of src/atlas/site one after the other, as they are: of each its name and
 * a NUL, its size in 8 bytes at the next multiple of 8, its bytes; an empty name ends them. The list
 * is made by the Makefile: a new file needs no edit here. */
    .macro site_file name, path
    .asciz "\name"
    .balign 8
    .quad 9f - 8f
8:  .incbin "\path"
9:
    .endm

    .section .rodata
    .balign 8
    .globl dv_site_files
    .hidden dv_site_files
dv_site_files:
    .include "site_list.inc"
    .byte 0

    .section .note.GNU-stack, "", %progbits
