/* page_data.S - the page of `serve`: its files and those that it has of an atlas's page, as
 * site_data.S has them; all scripts but theme.js are one, page.js, since a browser takes longer to
 * ask for thirty than to read one. The lists are made by the Makefile: a new file needs no edit
 * here. */
    .macro site_file name, path
    .asciz "\name"
    .balign 8
    .quad 9f - 8f
8:  .incbin "\path"
9:
    .endm

    .macro page_script path
    .incbin "\path"
    .ascii "\n"
    .endm

    .section .rodata
    .balign 8
    .globl dv_page_files
    .hidden dv_page_files
dv_page_files:
    .include "page_list.inc"
    .asciz "page.js"
    .balign 8
    .quad 9f - 8f
8:  .include "page_scripts.inc"
9:
    .byte 0

    .section .note.GNU-stack, "", %progbits
