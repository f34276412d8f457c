#include "deconvviz/draw.h"
#include "draw/fit.h"

#include <stdlib.h>

enum {
    LABEL_GAP = 5,    /* between a picture and its label */
    LABEL_WIDTH = 24, /* a label may make a cell so wide, in heights of its letters */
};

/* Where the tiles stand: cells of one width, rows as high as their highest tile. */
typedef struct layout {
    int columns, cell_width;
    int width, height; /* of the sheet */
    int top;           /* of the first row */
    int title_size;
    char *title;    /* wrapped; NULL: none */
    dv_tile *tiles; /* (n) with labels that fit */
    char **labels;  /* (n) those of them that had to be shortened */
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

/* Labels no wider than the widest picture, or LABEL_WIDTH; sets cell_width. */
static bool fit_labels(layout *l, const dv_sheet *s, int n, const dv_tile *tiles, dv_error *err)
{
    int most = LABEL_WIDTH * s->text_size;
    l->tiles = calloc((size_t)n, sizeof *l->tiles);
    l->labels = calloc((size_t)n, sizeof *l->labels);
    if (!l->tiles || !l->labels)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a sheet of %d tiles", n);
    for (int i = 0; i < n; i++)
        most = larger(most, tiles[i].picture.width);
    for (int i = 0; i < n; i++) {
        l->tiles[i] = tiles[i];
        int width = tiles[i].label ? dv_text_width(tiles[i].label, s->text_size) : 0;
        if (width > most) {
            l->labels[i] = dv_text_shortened(tiles[i].label, most, s->text_size, err);
            if (!l->labels[i])
                return false;
            l->tiles[i].label = l->labels[i];
            width = most;
        }
        l->cell_width = larger(l->cell_width, larger(tiles[i].picture.width, width));
    }
    return true;
}

/* The title no wider than the tiles of one row, or DV_TITLE_WIDTH; its width, with gaps. */
static bool fit_title(layout *l, const dv_sheet *s, int64_t row, int *width, dv_error *err)
{
    const int64_t least = DV_TITLE_WIDTH * (int64_t)l->title_size;
    int64_t room = row - 2 * s->gap > least ? row - 2 * s->gap : least;
    *width = 0;
    if (!s->title)
        return true;
    l->title =
        dv_text_wrapped(s->title, room < INT32_MAX ? (int)room : INT32_MAX, l->title_size, err);
    if (l->title)
        *width = dv_text_width(l->title, l->title_size) + 2 * s->gap;
    return l->title != NULL;
}

static bool arrange(layout *l, const dv_sheet *s, int n, const dv_tile *tiles, dv_error *err)
{
    int title;
    if (!fit_labels(l, s, n, tiles, err))
        return false;
    l->columns = s->columns ? s->columns : choose_columns(s, l->cell_width, n, l->tiles);
    l->title_size = s->text_size * 5 / 4;
    int64_t width = s->gap + (int64_t)l->columns * (l->cell_width + s->gap);
    if (!fit_title(l, s, width, &title, err))
        return false;
    l->top = s->gap + (l->title ? dv_text_height(l->title, l->title_size) + s->gap : 0);
    int64_t height = l->top + rows_height(s, l->columns, n, l->tiles);
    width = width > title ? width : title;
    if (width * height > DV_IMAGE_MAX_PIXELS || width > INT32_MAX || height > INT32_MAX)
        return dv_fail(err, DV_BAD_USAGE,
                       "a sheet of %d tiles would have %lldx%lld pixels: at most %d million", n,
                       (long long)width, (long long)height, DV_IMAGE_MAX_PIXELS / 1000000);
    l->width = (int)width;
    l->height = (int)height;
    return true;
}

static void release(layout *l, int n)
{
    for (int i = 0; l->labels && i < n; i++)
        free(l->labels[i]);
    free(l->labels);
    free(l->tiles);
    free(l->title);
}

static void place(dv_image *out, const dv_sheet *s, const dv_tile *t, int x, int y)
{
    dv_draw_picture(out, x, y, &t->picture);
    if (t->label)
        dv_draw_text(out, x, y + t->picture.height + LABEL_GAP, s->text_size, DV_INK, t->label);
}

static void draw_all(dv_image *out, const dv_sheet *sheet, const layout *l, int n)
{
    if (l->title)
        dv_draw_text(out, sheet->gap, sheet->gap, l->title_size, DV_INK, l->title);
    int y = l->top;
    for (int first = 0, height; first < n; y += height + sheet->gap) {
        int end = row_end(sheet, l->columns, n, l->tiles, first, &height);
        for (int i = first; i < end; i++)
            place(out, sheet, &l->tiles[i], sheet->gap + (i - first) * (l->cell_width + sheet->gap),
                  y);
        first = end;
    }
}

bool dv_draw_sheet(dv_image *out, const dv_sheet *sheet, int n, const dv_tile *tiles, dv_error *err)
{
    layout l = { 0 };
    if (n < 1)
        return dv_fail(err, DV_BAD_USAGE, "a sheet without a tile");
    bool ok = arrange(&l, sheet, n, tiles, err) &&
              dv_picture_new(out, l.width, l.height, sheet->paper, err);
    if (ok)
        draw_all(out, sheet, &l, n);
    release(&l, n);
    return ok;
}
