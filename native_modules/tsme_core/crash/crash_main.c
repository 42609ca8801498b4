// The crash proof of the journal in C:
//
//     crash POOL search SEED GEOMETRY ...    until its input ends: lines of what was done so far
//     crash POOL replay REPRODUCER           tells each step; exit status 1 if something is wrong
//     crash POOL check                       for each reproducer of its input a line: what is
//     wrong
//
// POOL is a file of 65,536 bytes, of which bodies of records are made. A line of a search has
// states, workloads, violations and what is under way; one that begins with ! is a violation:
// its reproducer, and what is wrong.

#include "crash.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct world world;

static void print_told(const struct search_told *told)
{
    printf("%llu %llu %llu %s\n", (unsigned long long)told->states,
           (unsigned long long)told->workloads, (unsigned long long)told->violations,
           told->under_way);
    fflush(stdout);
}

// Whether to go on: until whoever has begun this closes its input.
static bool tick(const struct search_told *told, const char *text, const char *what)
{
    static clock_t next;
    static uint32_t calls;
    if (text) {
        printf("! %s %s\n", text, what);
        fflush(stdout);
    }
    if (++calls % 64 || clock() < next) {
        return true;
    }
    next = clock() + CLOCKS_PER_SEC / 5;
    print_told(told);
    struct pollfd in = {.fd = 0, .events = POLLIN};
    char c;
    return poll(&in, 1, 0) == 0 || fread(&c, 1, 1, stdin) == 1;
}

static const char *fails(const char *text, bool tell)
{
    struct geometry g;
    struct life lives[LIVES_MOST];
    uint32_t count;
    if (!lives_read(text, &g, lives, &count)) {
        return "that is no reproducer such as 256x3p32:s@1f4";
    }
    world_make(&world, &g);
    world.tell = world.flash.tell = tell;
    if (lives_lead(&world, lives, count)) {
        world_boot(&world, true);
    }
    return world.wrong[0] ? world.wrong : 0;
}

static int check(void)
{
    static char line[TEXT_MOST + 2];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        const char *wrong = fails(line, false);
        printf("%s\n", wrong ? wrong : "");
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static uint8_t pool[1 << 16];
    struct geometry geometries[32];
    uint32_t count = 0;
    FILE *file = argc > 2 ? fopen(argv[1], "rb") : 0;
    if (!file || fread(pool, 1, sizeof pool, file) != sizeof pool) {
        fprintf(stderr, "crash: POOL search SEED GEOMETRY ... | POOL replay TEXT | POOL check\n");
        return 2;
    }
    fclose(file);
    world_pool(pool);
    if (!strcmp(argv[2], "check")) {
        return check();
    }
    if (!strcmp(argv[2], "replay") && argc == 4) {
        const char *wrong = fails(argv[3], true);
        if (wrong) {
            printf("VIOLATION  %s\n", wrong);
        }
        return wrong != 0;
    }
    for (int i = 4; i < argc && count < 32; i++) {
        const char *text = argv[i];
        if (!geometry_read(&text, &geometries[count++]) || *text) {
            fprintf(stderr, "crash: %s is no geometry\n", argv[i]);
            return 2;
        }
    }
    if (!count || strcmp(argv[2], "search") != 0) {
        return 2;
    }
    search(geometries, count, (uint32_t)strtoul(argv[3], 0, 10), tick);
    return 0;
}
