#include "deconvviz/draw.h"

#include <stdlib.h>

enum { LABEL_GAP = 5 /* between a picture and its label */ };

/* Where the tiles stand: cells of one width, rows as high as their highest tile. */
typedef struct layout {
    int columns, cell_width;
    int width, height; /* of the sheet */
    int top;           /* of the first row */
    int title_size;
} layout;

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int tile_height(const dv_sheet *s, const dv_tile *t)
{
    int label = t->label ? LABEL_GAP + dv_text_height(t->label, s->text_size) : 0;
    return t->picture.height + label;
}

/* The tile behind the last one of the row that begins with tile `first`, and the row's height. */
static int row_end(const dv_sheet *s, int columns, int n, const dv_tile *tiles, int first,
                   int *height)
{
    int i = first;
    *height = 0;
    do {
        *height = larger(*height, tile_height(s, &tiles[i]));
        i++;
    } while (i < n && i - first < columns && !tiles[i].new_row);
    return i;
}

static int64_t rows_height(const dv_sheet *s, int columns, int n, const dv_tile *tiles)
{
    int64_t sum = 0;
    int height;
    for (int i = 0; i < n;) {
        i = row_end(s, columns, n, tiles, i, &height);
        sum += height + s->gap;
    }
    return sum;
}

/* The most tiles between two that begin a row. */
static int longest_row(int n, const dv_tile *tiles)
{
    int longest = 0;
    for (int i = 0, run = 0; i < n; i++) {
        run = tiles[i].new_row ? 1 : run + 1;
        longest = larger(longest, run);
    }
    return longest;
}

/* The fewest columns with which the sheet is at least as wide as 4/3 of its height. */
static int choose_columns(const dv_sheet *s, int cell_width, int n, const dv_tile *tiles)
{
    int columns = 1, longest = longest_row(n, tiles);
    while (columns < longest &&
           (int64_t)columns * (cell_width + s->gap) * 3 < rows_height(s, columns, n, tiles) * 4)
        columns++;
    return columns;
}

static bool arrange(layout *l, const dv_sheet *s, int n, const dv_tile *tiles, dv_error *err)
{
    for (int i = 0; i < n; i++) {
        int label = tiles[i].label ? dv_text_width(tiles[i].label, s->text_size) : 0;
        l->cell_width = larger(l->cell_width, larger(tiles[i].picture.width, label));
    }
    l->columns = s->columns ? s->columns : choose_columns(s, l->cell_width, n, tiles);
    l->title_size = s->text_size * 5 / 4;
    l->top = s->gap + (s->title ? dv_text_height(s->title, l->title_size) + s->gap : 0);
    int64_t width = s->gap + (int64_t)l->columns * (l->cell_width + s->gap);
    int64_t height = l->top + rows_height(s, l->columns, n, tiles);
    int title = s->title ? dv_text_width(s->title, l->title_size) + 2 * s->gap : 0;
    width = width > title ? width : title;
    if (width * height > DV_IMAGE_MAX_PIXELS || width > INT32_MAX || height > INT32_MAX)
        return dv_fail(err, DV_BAD_USAGE,
                       "a sheet of %d tiles would have %lldx%lld pixels: at most %d million", n,
                       (long long)width, (long long)height, DV_IMAGE_MAX_PIXELS / 1000000);
    l->width = (int)width;
    l->height = (int)height;
    return true;
}

static void place(dv_image *out, const dv_sheet *s, const dv_tile *t, int x, int y)
{
    dv_draw_picture(out, x, y, &t->picture);
    if (t->label)
        dv_draw_text(out, x, y + t->picture.height + LABEL_GAP, s->text_size, DV_INK, t->label);
}

bool dv_draw_sheet(dv_image *out, const dv_sheet *sheet, int n, const dv_tile *tiles, dv_error *err)
{
    layout l = { 0 };
    if (n < 1)
        return dv_fail(err, DV_BAD_USAGE, "a sheet without a tile");
    if (!arrange(&l, sheet, n, tiles, err) ||
        !dv_picture_new(out, l.width, l.height, sheet->paper, err))
        return false;
    if (sheet->title)
        dv_draw_text(out, sheet->gap, sheet->gap, l.title_size, DV_INK, sheet->title);
    int y = l.top;
    for (int first = 0, height; first < n; y += height + sheet->gap) {
        int end = row_end(sheet, l.columns, n, tiles, first, &height);
        for (int i = first; i < end; i++)
            place(out, sheet, &tiles[i], sheet->gap + (i - first) * (l.cell_width + sheet->gap), y);
        first = end;
    }
    return true;
}
