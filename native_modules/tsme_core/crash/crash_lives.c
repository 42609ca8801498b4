// Lives of a journal as one short string, as tests/crash/lives.py has them:
//
//     256x3p32:mLmLmL.sm@4f20.is@2b.s

#include "crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool power_of_two(uint32_t n, uint32_t most)
{
    return n && n <= most && !(n & (n - 1));
}

static uint32_t number(const char **text)
{
    uint32_t n = 0;
    for (; **text >= '0' && **text <= '9' && n < 1000000; ++*text) {
        n = n * 10 + (uint32_t)(**text - '0');
    }
    return n;
}

// 256x3p32; what is behind it is left in `text`.
bool geometry_read(const char **text, struct geometry *g)
{
    g->block = number(text);
    if (*(*text)++ != 'x') {
        return false;
    }
    g->count = number(text);
    g->once = **text == 'e';
    if (**text != 'p' && **text != 'e') {
        return false;
    }
    ++*text;
    g->unit = number(text);
    return power_of_two(g->unit, 256) && g->block >= 256 && g->block <= BLOCK_MOST &&
           g->count >= 2 && g->count <= COUNT_MOST && g->block * g->count <= DATA_MOST &&
           (!g->once || g->unit >= 4);
}

void geometry_write(const struct geometry *g, char *text)
{
    sprintf(text, "%ux%u%c%u", g->block, g->count, g->once ? 'e' : 'p', g->unit);
}

static bool life_read(const char **text, struct life *life)
{
    size_t n = 0;
    memset(life, 0, sizeof *life);
    life->shape = (struct shape){NONE, -1};
    while (**text && strchr("szemfLcCirwpq", **text)) {
        if (n + 1 >= sizeof life->letters) {
            return false;
        }
        life->letters[n++] = *(*text)++;
    }
    if (**text != '@') {
        return true;
    }
    ++*text;
    life->op = (int)number(text);
    const char *letter = **text ? strchr(shape_letters, **text) : 0;
    if (!letter || !life->op) {
        return false;
    }
    ++*text;
    life->shape.name = (int)(letter - shape_letters);
    if (**text >= '0' && **text <= '9') {
        life->shape.amount = (int)number(text);
    }
    return true;
}

bool lives_read(const char *text, struct geometry *g, struct life *lives, uint32_t *count)
{
    *count = 0;
    if (!geometry_read(&text, g) || *text != ':') {
        return false;
    }
    do {
        text++;
        if (*count >= LIVES_MOST || !life_read(&text, &lives[(*count)++])) {
            return false;
        }
    } while (*text == '.');
    return !*text;
}

// What does not fit is cut off.
void lives_write(const struct geometry *g, const struct life *lives, uint32_t count, char *text)
{
    geometry_write(g, text);
    size_t used = strlen(text);
    for (uint32_t i = 0; i < count; i++) {
        const struct life *l = &lives[i];
        char cut[32] = "";
        char amount[16] = "";
        if (l->op && l->shape.amount >= 0) {
            snprintf(amount, sizeof amount, "%d", l->shape.amount);
        }
        if (l->op) {
            snprintf(cut, sizeof cut, "@%d%c%s", l->op, shape_letters[l->shape.name], amount);
        }
        used += (size_t)snprintf(text + used, TEXT_MOST - used, "%c%s%s", i ? '.' : ':',
                                 l->letters, cut);
        if (used >= TEXT_MOST) {
            return;
        }
    }
}

// Goes through lives. Afterwards the power is on and nothing is recovered yet. False if
// something is wrong.
bool lives_lead(struct world *w, const struct life *lives, uint32_t count)
{
    struct flash *f = &w->flash;
    for (uint32_t i = 0; i < count; i++) {
        if (!world_boot(w, true)) {
            return false;
        }
        f->life = f->ops;
        if (lives[i].op) {
            f->cut = f->ops + (uint32_t)lives[i].op;
            f->shape = lives[i].shape;
        }
        w->gone = false;
        for (const char *letter = lives[i].letters; *letter && !w->gone; letter++) {
            if (!world_act(w, *letter) && !w->gone) {
                return false;
            }
        }
        if (w->gone) {
            world_power_went(w);
            if (w->tell) {
                printf("the power goes: %s", shape_names[lives[i].shape.name]);
                printf(lives[i].shape.amount < 0 ? "\n" : " %d\n", lives[i].shape.amount);
            }
        }
        f->on = true;
        f->cut = 0;
        w->gone = false;
    }
    return !w->wrong[0];
}
