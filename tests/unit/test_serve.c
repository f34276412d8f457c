/* A server: what may be asked and by whom, who waits, and answers to several at once. */
#include "album.h"
#include "deconvviz/serve.h"
#include "serve/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void rest(void)
{
    nanosleep(&(struct timespec){ 0, 1000 * 1000 }, NULL);
}

/* -- parameters ------------------------------------------------------------------------------- */

static bool takes(dv_asked *a, const char *key, const char *value)
{
    dv_error err = { 0 };
    const bool ok = dv_asked_take(a, key, value, &err);
    assert_true(ok || (err.code == DV_BAD_USAGE && err.message[0] && !strchr(err.message, '\n')));
    return ok;
}

static void parameters_are_taken_within_their_limits(void **state)
{
    (void)state;
    dv_asked a;
    dv_asked_nothing(&a);
    assert_true(a.at.strongest && a.unit == -1);
    assert_true(takes(&a, "layer", "conv5") && strcmp(a.layer, "conv5") == 0);
    assert_true(takes(&a, "at", "3,4") && !a.at.strongest && a.at.y == 3 && a.at.x == 4);
    assert_true(takes(&a, "at", "all") && a.at.whole);
    assert_true(takes(&a, "rule", "guided") && a.rule == DV_RULE_GUIDED);
    assert_true(takes(&a, "scale", "abs:0.5") && a.scale == 0.5F);
    assert_true(takes(&a, "scale", "tile") && a.scale == 0);
    assert_true(takes(&a, "nobody", "knows it"));
    char long_text[DV_ASKED_NAME_MAX + 1];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_false(takes(&a, "name", long_text));
    assert_true(takes(&a, "name", long_text + 1));
    static const char *const wrong[][2] = {
        { "model", "64" },    { "model", "1x" },
        { "unit", "" },       { "unit", "99999999999999999999" },
        { "image", "abc" },   { "rule", "" },
        { "scale", "abs:0" }, { "scale", "abs:inf" },
        { "zoom", "65" },     { "turn", "-1" },
        { "side", "15" },     { "at", "1,2,3" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(takes(&a, wrong[i][0], wrong[i][1]));
}

/* -- edits ------------------------------------------------------------------------------------ */

static void edits_add_up_and_are_bounded(void **state)
{
    (void)state;
    dv_edit e;
    dv_error err;
    assert_true(dv_edit_parse(&e, "move:3,-2;turn:10;scale:1.5;move:1,1;scale:2", &err));
    assert_true(e.moves && e.moved.shift[1] == 4 && e.moved.shift[0] == -1);
    assert_true(e.moved.degrees == 10 && e.moved.scale == 3 && e.n_masks == 0);
    static const char *const wrong[] = {
        "x",         "move:1", "move:1,2,3", "turn:",   "turn:400", "scale:0",
        "scale:nan", "grey:",  "grey:0123",  "turn:1,", "blur",     "scale:20;scale:20"
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(dv_edit_parse(&e, wrong[i], &err));
        assert_int_equal(err.code, DV_BAD_USAGE);
    }
}

/* A picture whose pixels all differ from grey. */
static dv_image picture(void)
{
    dv_image im = { 64, 64, malloc(3 * 64 * 64) };
    assert_non_null(im.rgb);
    for (int i = 0; i < 64 * 64; i++)
        for (int c = 0; c < 3; c++)
            im.rgb[3 * i + c] = (uint8_t)(20 + (i * (c + 3) + i / 64) % 100);
    return im;
}

static void a_mask_covers_its_cells_and_no_other(void **state)
{
    (void)state;
    const dv_preprocess p = {
        .resize = 64, .size = { 64, 64 }, .channels = 3, .scale = 1, .std = { 1, 1, 1 }
    };
    char text[DV_EDIT_HEX + 8] = "grey:";
    memset(text + 5, '0', DV_EDIT_HEX);
    text[5 + 8 * 5 + 2] = '4'; /* row 5, the second of the third digit's cells: column 9 */
    dv_image im = picture(), seen;
    dv_edit e;
    dv_error err;
    assert_true(dv_edit_parse(&e, text, &err) && dv_edit_view(&e, &im, &p, &seen, &err));
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 64; x++) {
            const bool covered = y / 2 == 5 && x / 2 == 9;
            for (int c = 0; c < 3; c++) {
                const size_t at = 3 * (size_t)(64 * y + x) + (size_t)c;
                assert_int_equal(seen.rgb[at], covered ? 128 : im.rgb[at]);
            }
        }
    dv_image_free(&seen);
    assert_true(dv_edit_parse(&e, "move:2,1", &err) && dv_edit_view(&e, &im, &p, &seen, &err));
    for (int c = 0; c < 3; c++)
        assert_int_equal(seen.rgb[3 * (64 * 11 + 12) + c], im.rgb[3 * (64 * 10 + 10) + c]);
    dv_image_free(&seen);
    dv_image_free(&im);
}

/* -- who may ask ------------------------------------------------------------------------------ */

static void the_gate_lets_in_its_own_pages_alone(void **state)
{
    (void)state;
    const dv_gate plain = { .host = NULL };
    const dv_gate guarded = { .listen = "192.168.1.5", .host = "lab.example", .token = "secret" };
    static const struct {
        const char *host, *origin, *site;
        bool page, in;
    } cases[] = {
        { "localhost:8421", NULL, NULL, false, true },
        { "[::1]:1", "http://[::1]:1", "same-origin", false, true },
        { "127.0.0.1", "http://127.0.0.1", NULL, false, true },
        { "localhost", "https://localhost", "none", false, true },
        { "localhost", "http://localhost:1", NULL, false, false },
        { "localhost.", NULL, NULL, false, false },
        { "localhost:", NULL, NULL, false, false },
        { "localhost:8x", NULL, NULL, false, false },
        { "[::1", NULL, NULL, false, false },
        { "", NULL, NULL, false, false },
        { NULL, NULL, NULL, false, false },
        { "192.168.1.5", NULL, NULL, false, false },
        { "localhost", "null", NULL, false, false },
        { "localhost", "http://localhost.evil.example", NULL, false, false },
        { "localhost", NULL, "cross-site", false, false },
        { "localhost", NULL, "same-site", false, false },
        { "localhost", NULL, "cross-site", true, true },
        { "localhost", "http://evil.example", NULL, true, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const dv_caller c = { cases[i].host, cases[i].origin, cases[i].site, NULL, cases[i].page };
        assert_int_equal(dv_gate_refuses(&plain, &c) == NULL, cases[i].in);
    }
    dv_caller c = { .host = "192.168.1.5:8421" };
    assert_non_null(dv_gate_refuses(&guarded, &c));
    c.token = "secreT";
    assert_non_null(dv_gate_refuses(&guarded, &c));
    c.token = "secret";
    assert_null(dv_gate_refuses(&guarded, &c));
    c.host = "lab.example";
    c.origin = "https://lab.example";
    assert_null(dv_gate_refuses(&guarded, &c));
    c.host = "192.168.1.6";
    assert_non_null(dv_gate_refuses(&guarded, &c));
}

/* -- who waits -------------------------------------------------------------------------------- */

typedef struct waiting {
    dv_turnstile *t;
    const char *lane;
    int64_t turn;
    dv_passage passage;
} waiting;

static void *wait_in_line(void *ctx)
{
    waiting *w = ctx;
    w->passage = dv_turnstile_enter(w->t, w->lane, w->turn);
    if (w->passage == DV_PASSED)
        dv_turnstile_leave(w->t);
    return NULL;
}

static int count_waiting(dv_turnstile *t)
{
    pthread_mutex_lock(&t->lock);
    const int n = t->waiting;
    pthread_mutex_unlock(&t->lock);
    return n;
}

/* Whether the newest of the lane has come, and so many wait. */
static bool has_come(dv_turnstile *t, const char *lane, int64_t turn, int n)
{
    bool come = false;
    pthread_mutex_lock(&t->lock);
    for (int i = 0; i < DV_TURNSTILE_LANES; i++)
        come = come || (strcmp(t->lanes[i].name, lane) == 0 && t->lanes[i].turn == turn);
    come = come && t->waiting == n;
    pthread_mutex_unlock(&t->lock);
    return come;
}

static void those_that_were_overtaken_leave_the_line(void **state)
{
    (void)state;
    enum { N = 5 };
    static dv_turnstile t;
    waiting w[N];
    pthread_t threads[N];
    dv_turnstile_init(&t);
    assert_int_equal(dv_turnstile_enter(&t, "", 0), DV_PASSED);
    for (int i = 0; i < N; i++) {
        w[i] = (waiting){ &t, i == 0 ? "other" : "lane", i, DV_TOO_MANY };
        assert_int_equal(pthread_create(&threads[i], NULL, wait_in_line, &w[i]), 0);
        while (!has_come(&t, w[i].lane, i, i == 0 ? 1 : 2)) /* the newest of each lane wait */
            rest();
    }
    dv_turnstile_leave(&t);
    for (int i = 0; i < N; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(w[i].passage, i == 0 || i == N - 1 ? DV_PASSED : DV_OVERTAKEN);
    }
    dv_turnstile_destroy(&t);
}

static void a_line_has_an_end(void **state)
{
    (void)state;
    static dv_turnstile t;
    static waiting w[DV_TURNSTILE_WAITING];
    pthread_t threads[DV_TURNSTILE_WAITING];
    dv_turnstile_init(&t);
    assert_int_equal(dv_turnstile_enter(&t, "", 0), DV_PASSED);
    for (int i = 0; i < DV_TURNSTILE_WAITING; i++) {
        w[i] = (waiting){ &t, "", 0, DV_TOO_MANY };
        assert_int_equal(pthread_create(&threads[i], NULL, wait_in_line, &w[i]), 0);
    }
    while (count_waiting(&t) < DV_TURNSTILE_WAITING)
        rest();
    assert_int_equal(dv_turnstile_enter(&t, "late", 1), DV_TOO_MANY);
    dv_turnstile_leave(&t);
    for (int i = 0; i < DV_TURNSTILE_WAITING; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(w[i].passage, DV_PASSED);
    }
    dv_turnstile_destroy(&t);
}

/* -- images ----------------------------------------------------------------------------------- */

static void *copy_of_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    void *bytes = malloc(1 << 16);
    *size = fread(bytes, 1, 1 << 16, f);
    fclose(f);
    return bytes;
}

/* More than it keeps: the oldest that were given go, those it began with stay. */
static void the_shelf_forgets_what_was_given_first(void **state)
{
    (void)state;
    dv_shelf s;
    dv_error err = { 0 };
    dv_shelf_image copy;
    char own[DV_ASKED_ID_MAX], first[DV_ASKED_ID_MAX];
    dv_shelf_init(&s);
    assert_true(dv_shelf_add_file(&s, "img/0.png", "img/0.png", true, own, &err));
    for (int i = 0; i < DV_SHELF_IMAGES + 1; i++) {
        size_t size;
        char *bytes = copy_of_file("img/1.png", &size);
        bytes = realloc(bytes, size + 2);
        memcpy(bytes + size, &(char[]){ (char)i, 'x' }, 2); /* other bytes, the same pixels */
        assert_true(dv_shelf_add_bytes(&s, bytes, size + 2, "given", "", &copy, &err));
        if (i == 0)
            memcpy(first, copy.id, sizeof first);
        dv_shelf_image_free(&copy);
    }
    assert_int_equal(s.n, DV_SHELF_IMAGES + 1);
    assert_false(dv_shelf_look(&s, first, &copy, &err));
    assert_int_equal(err.code, DV_IO);
    dv_image im;
    assert_true(dv_shelf_open(&s, own, &im, NULL, &err));
    assert_int_equal(im.width, ALBUM_SIDE);
    dv_image_free(&im);
    dv_shelf_destroy(&s);
}

/* -- a server --------------------------------------------------------------------------------- */

typedef struct serving {
    dv_model *model;
    dv_list list;
    atomic_int port;
    atomic_bool stop;
    bool ok;
    dv_error err;
} serving;

static void at_port(void *ctx, const char *url)
{
    serving *s = ctx;
    atomic_store(&s->port, atoi(strrchr(url, ':') + 1));
}

static bool is_over(void *ctx)
{
    serving *s = ctx;
    return atomic_load(&s->stop);
}

static void *serve(void *ctx)
{
    serving *s = ctx;
    dv_pool *pool = dv_pool_new(2, &s->err);
    const dv_serve_model m = { .model = s->model,
                               .preprocess = album_preprocess,
                               .projects = "deconvviz" };
    const dv_serve_options o = { .n_models = 1,
                                 .models = &m,
                                 .images = &s->list,
                                 .pool = pool,
                                 .ctx = s,
                                 .ready = at_port,
                                 .stop = is_over };
    s->ok = dv_serve(&o, &s->err);
    dv_pool_free(pool);
    return NULL;
}

/* The status of the answer, which goes to `to`. */
static int ask(int port, const char *path, char *to, size_t room)
{
    const struct sockaddr_in a = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    char request[512];
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
    const int n = snprintf(request, sizeof request,
                           "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    assert_int_equal(write(fd, request, (size_t)n), n);
    size_t size = 0;
    for (ssize_t more = 1; more > 0 && size + 1 < room; size += more > 0 ? (size_t)more : 0)
        more = read(fd, to + size, room - 1 - size);
    to[size] = '\0';
    close(fd);
    return size > 12 ? atoi(to + 9) : 0;
}

typedef struct client {
    serving *s;
    char id[DV_ASKED_ID_MAX];
    int number, wrong;
} client;

static void *use(void *ctx)
{
    client *c = ctx;
    char path[300];
    static const char *const what[] = { "maps", "strongest", "project", "map", "predict", "shift" };
    char *answer = malloc(1 << 16);
    for (int i = 0; i < 24; i++) {
        snprintf(path, sizeof path,
                 "/api/%s?model=0&image=%s&layer=%d&unit=%d&edit=move:%d,1&lane=%d-%s&turn=%d",
                 what[i % 6], c->id, 1 + i % 2, i % ALBUM_CHANNELS, i % 3, c->number, what[i % 6],
                 i);
        const int status = ask(atomic_load(&c->s->port), path, answer, 1 << 16);
        c->wrong += status != 200 && status != 204;
    }
    free(answer);
    return NULL;
}

static void several_are_answered_at_once(void **state)
{
    (void)state;
    enum { CLIENTS = 4 };
    serving s = { .ok = false };
    client clients[CLIENTS];
    pthread_t server, threads[CLIENTS];
    static char answer[1 << 16];
    s.model = album_model();
    assert_true(dv_list_add(&s.list, "img", &s.err));
    assert_int_equal(pthread_create(&server, NULL, serve, &s), 0);
    while (!atomic_load(&s.port))
        rest();
    assert_int_equal(ask(s.port, "/api/state", answer, sizeof answer), 200);
    const char *images = strstr(answer, "\"images\":[{\"id\":\"");
    assert_non_null(images);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (client){ .s = &s, .number = i };
        memcpy(clients[i].id, images + 17, DV_ASKED_ID_MAX - 1);
        assert_int_equal(pthread_create(&threads[i], NULL, use, &clients[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(clients[i].wrong, 0);
    }
    atomic_store(&s.stop, true);
    pthread_join(server, NULL);
    assert_true(s.ok);
    dv_list_free(&s.list);
    dv_model_free(s.model);
}

/* -- what cannot be served -------------------------------------------------------------------- */

static void wrong_addresses_are_refused(void **state)
{
    (void)state;
    dv_error err;
    assert_false(dv_serve(&(dv_serve_options){ .listen = "localhost" }, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    assert_string_equal(err.message, "--listen localhost: no IPv4 or IPv6 address");
}

static int begin(void **state)
{
    (void)state;
    album_begin();
    return 0;
}

static int end(void **state)
{
    (void)state;
    album_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_taken_within_their_limits),
        cmocka_unit_test(edits_add_up_and_are_bounded),
        cmocka_unit_test(a_mask_covers_its_cells_and_no_other),
        cmocka_unit_test(the_gate_lets_in_its_own_pages_alone),
        cmocka_unit_test(those_that_were_overtaken_leave_the_line),
        cmocka_unit_test(a_line_has_an_end),
        cmocka_unit_test(the_shelf_forgets_what_was_given_first),
        cmocka_unit_test(several_are_answered_at_once),
        cmocka_unit_test(wrong_addresses_are_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
