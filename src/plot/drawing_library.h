/* drawing_library.h - Cairo and Pango, which draw figures: opened when the first one is, so that
 * what draws none starts no slower. */
#ifndef DV_PLOT_DRAWING_LIBRARY_H
#define DV_PLOT_DRAWING_LIBRARY_H

#include "deconvviz/error.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <pango/pangocairo.h>

/* All that is called of them, by the names and types of their own headers. */
#define DV_DRAWING_CALLS(X)                     \
    X(cairo_arc)                                \
    X(cairo_clip)                               \
    X(cairo_close_path)                         \
    X(cairo_create)                             \
    X(cairo_destroy)                            \
    X(cairo_fill)                               \
    X(cairo_font_options_create)                \
    X(cairo_font_options_destroy)               \
    X(cairo_font_options_set_antialias)         \
    X(cairo_font_options_set_hint_metrics)      \
    X(cairo_font_options_set_hint_style)        \
    X(cairo_image_surface_create)               \
    X(cairo_image_surface_get_data)             \
    X(cairo_image_surface_get_stride)           \
    X(cairo_line_to)                            \
    X(cairo_move_to)                            \
    X(cairo_new_path)                           \
    X(cairo_new_sub_path)                       \
    X(cairo_pattern_set_filter)                 \
    X(cairo_pdf_surface_create_for_stream)      \
    X(cairo_pdf_surface_set_metadata)           \
    X(cairo_get_source)                         \
    X(cairo_rectangle)                          \
    X(cairo_restore)                            \
    X(cairo_rotate)                             \
    X(cairo_save)                               \
    X(cairo_scale)                              \
    X(cairo_set_dash)                           \
    X(cairo_set_line_cap)                       \
    X(cairo_set_line_join)                      \
    X(cairo_set_line_width)                     \
    X(cairo_set_source_rgba)                    \
    X(cairo_set_source_surface)                 \
    X(cairo_show_page)                          \
    X(cairo_status)                             \
    X(cairo_status_to_string)                   \
    X(cairo_stroke)                             \
    X(cairo_surface_destroy)                    \
    X(cairo_surface_finish)                     \
    X(cairo_surface_flush)                      \
    X(cairo_surface_mark_dirty)                 \
    X(cairo_surface_status)                     \
    X(cairo_svg_surface_create_for_stream)      \
    X(cairo_svg_surface_set_document_unit)      \
    X(cairo_translate)                          \
    X(g_object_unref)                           \
    X(pango_attr_insert_hyphens_new)            \
    X(pango_attr_list_insert)                   \
    X(pango_attr_list_new)                      \
    X(pango_attr_list_unref)                    \
    X(pango_cairo_context_set_font_options)     \
    X(pango_cairo_context_set_resolution)       \
    X(pango_cairo_font_map_new)                 \
    X(pango_cairo_layout_path)                  \
    X(pango_cairo_show_layout)                  \
    X(pango_context_set_language)               \
    X(pango_context_set_round_glyph_positions)  \
    X(pango_font_description_free)              \
    X(pango_font_description_new)               \
    X(pango_font_description_set_absolute_size) \
    X(pango_font_description_set_family)        \
    X(pango_font_description_set_weight)        \
    X(pango_font_map_create_context)            \
    X(pango_language_from_string)               \
    X(pango_layout_get_extents)                 \
    X(pango_layout_get_unknown_glyphs_count)    \
    X(pango_layout_new)                         \
    X(pango_layout_set_alignment)               \
    X(pango_layout_set_attributes)              \
    X(pango_layout_set_ellipsize)               \
    X(pango_layout_set_font_description)        \
    X(pango_layout_set_height)                  \
    X(pango_layout_set_text)                    \
    X(pango_layout_set_width)                   \
    X(pango_layout_set_wrap)

typedef struct dv_drawing_library {
#define MEMBER(name) __typeof__(name)(*(name));
    DV_DRAWING_CALLS(MEMBER)
#undef MEMBER
} dv_drawing_library;

/* Opens them the first time; from any thread. NULL (DV_UNSUPPORTED) where they are not installed.
 */
const dv_drawing_library *dv_drawing_library_open(dv_error *err);

#endif
