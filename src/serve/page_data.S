/* page_data.S - the page of `serve`: its files and those of an atlas's page, as site_data.S has
 * them. The list is made by the Makefile: a new file needs no edit here. */
    .macro site_file name, path
    .asciz "\name"
    .balign 8
    .quad 9f - 8f
8:  .incbin "\path"
9:
    .endm

    .section .rodata
    .balign 8
    .globl dv_page_files
    .hidden dv_page_files
dv_page_files:
    .include "page_list.inc"
    .byte 0

    .section .note.GNU-stack, "", %progbits
