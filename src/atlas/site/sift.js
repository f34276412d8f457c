// sift.js - which units of a layer are shown, in which order: the state of a grid, as it stands in the page's address.
'use strict';

/**
 * The state: sort (a column's key, "" by number), down, alive ("" all, "alive", "dead"), kind ("class" of best_class, a
 * place or null), ranges (key -> [from, to], either may be null), size (of a thumbnail), patch (in place of projections).
 * The address has only what differs from the start.
 */
class Sift {
    /** @param {URLSearchParams} query */
    constructor(query, keys) {
        const sort = query.get('sort') || '';
        this.sort = keys.includes(sort) ? sort : '';
        this.down = query.get('order') !== 'up';
        this.alive = ['alive', 'dead'].includes(query.get('show')) ? query.get('show') : '';
        this.size = Math.max(Sift.SMALLEST, Math.min(Sift.LARGEST, Number(query.get('size')) || 96));
        this.patch = query.get('picture') === 'patch';
        this.classes = new Map(); // key of a column of classes -> place
        this.ranges = new Map();
        for (const key of keys) {
            const text = query.get(key);
            if (!text) continue;
            const [from, to] = text
                .split(':')
                .map(word => (word === '' || Number.isNaN(Number(word)) ? null : Number(word)));
            if (text.includes(':')) this.ranges.set(key, [from, to ?? null]);
            else if (from !== null) this.classes.set(key, from);
        }
    }

    query() {
        const q = new URLSearchParams();
        if (this.sort) q.set('sort', this.sort);
        if (!this.down) q.set('order', 'up');
        if (this.alive) q.set('show', this.alive);
        if (this.size !== 96) q.set('size', this.size);
        if (this.patch) q.set('picture', 'patch');
        for (const [key, [from, to]] of this.ranges) q.set(key, `${from ?? ''}:${to ?? ''}`);
        for (const [key, place] of this.classes) q.set(key, place);
        return q.toString();
    }

    get filters() {
        return this.ranges.size + this.classes.size + (this.alive ? 1 : 0);
    }

    clear() {
        this.ranges.clear();
        this.classes.clear();
        this.alive = '';
    }

    /** The places of the units that pass, in order. Equal ones, and those without a value at the end, go by number.
     *  @param {Layer} layer */
    async apply(layer) {
        const tests = [];
        if (this.alive) tests.push(i => layer.isDead(i) === (this.alive === 'dead'));
        for (const [key, [from, to]] of this.ranges) {
            const column = await layer.column(key);
            tests.push(i => (from === null || column[i] >= from) && (to === null || column[i] <= to));
        }
        for (const [key, place] of this.classes) {
            const column = await layer.column(key);
            tests.push(i => column[i] === place);
        }
        const items = [];
        for (let i = 0; i < layer.n; i++) if (tests.every(test => test(i))) items.push(i);
        if (this.sort) {
            const column = await layer.column(this.sort);
            const isClass = layer.atlas.columns.get(this.sort).kind === 'class';
            const known = v => (isClass ? v !== 65535 : !Number.isNaN(v));
            const sign = this.down !== isClass ? -1 : 1; // classes begin with the first
            items.sort(
                (a, b) =>
                    known(column[b]) - known(column[a]) ||
                    (known(column[a]) ? sign * (column[a] - column[b]) : 0) ||
                    a - b
            );
        } else if (!this.down) {
            items.reverse();
        }
        return items;
    }
}
Sift.SMALLEST = 40;
Sift.LARGEST = 240;

/**
 * The panel of filters: for each column a histogram and two ends.
 * @param {function()} onchange after the state has been changed
 */
async function filterPanel(layer, sift, onchange) {
    const names = await layer.atlas.classNames();
    const groups = new Map();
    for (const key of layer.keys) {
        const about = layer.atlas.columns.get(key);
        const { lo, hi } = layer.data.columns[key];
        if (about.kind !== 'class' && hi <= lo) continue; // all the same: nothing to choose
        const row =
            about.kind === 'class'
                ? classFilter(about, names, sift, onchange)
                : await rangeFilter(layer, about, sift, onchange);
        const group = about.group || 'Measures';
        groups.set(group, [...(groups.get(group) || []), row]);
    }
    return el(
        'div.filters',
        null,
        [...groups].map(([group, rows]) => el('fieldset', null, el('legend', null, group), rows))
    );
}

async function rangeFilter(layer, about, sift, onchange) {
    const column = await layer.column(about.key);
    const { lo, hi } = layer.data.columns[about.key];
    const [from, to] = sift.ranges.get(about.key) || [null, null];
    const steps = 200;
    const value = at => lo + ((hi - lo) * at) / steps;
    const place = (v, otherwise) => (v === null ? otherwise : hi > lo ? Math.round(((v - lo) / (hi - lo)) * steps) : 0);
    const slider = (word, at) =>
        el('input', {
            type: 'range',
            min: 0,
            max: steps,
            step: 1,
            value: at,
            'aria-label': `${about.title}, ${word}`,
            oninput: changed,
        });
    const low = slider('at least', place(from, 0)),
        high = slider('at most', place(to, steps));
    const text = el('output.ends');
    const chosen = el('span.chosen');
    function tell() {
        const a = Number(low.value),
            b = Number(high.value);
        for (const [input, at] of [
            [low, a],
            [high, b],
        ])
            input.setAttribute('aria-valuetext', measured(value(at), about.kind));
        const [from, to] = sift.ranges.get(about.key) || [null, null];
        text.textContent = `${measured(from ?? lo, about.kind)} \u2013 ${measured(to ?? hi, about.kind)}`;
        chosen.style.left = `${(100 * a) / steps}%`;
        chosen.style.right = `${100 - (100 * b) / steps}%`;
        low.classList.toggle('on-top', a > steps / 2);
    }
    function changed(event) {
        if (Number(low.value) > Number(high.value)) {
            if (event.target === low) low.value = high.value;
            else high.value = low.value;
        }
        const a = Number(low.value),
            b = Number(high.value);
        if (a === 0 && b === steps) sift.ranges.delete(about.key);
        else
            sift.ranges.set(about.key, [
                a === 0 ? null : Number(value(a).toPrecision(6)),
                b === steps ? null : Number(value(b).toPrecision(6)),
            ]);
        tell();
        onchange();
    }
    tell();
    return el(
        'div.range',
        { title: about.about || null },
        el('div.range-head', null, el('span', null, about.title), text),
        el(
            'div.range-body',
            null,
            spread(column, lo, hi),
            el('span.ends-between', { 'aria-hidden': 'true' }, chosen),
            low,
            high
        )
    );
}

function classFilter(about, names, sift, onchange) {
    const list = el(
        'datalist',
        { id: `filter-${about.key}` },
        names.slice(0, 2000).map(n => el('option', { value: visible(n) }))
    );
    const chosen = sift.classes.get(about.key);
    const input = el('input', {
        type: 'text',
        list: list.id,
        placeholder: 'any class',
        'aria-label': about.title,
        autocomplete: 'off',
        value: chosen === undefined ? '' : visible(names[chosen] ?? ''),
        onchange: () => {
            const at = names.findIndex(n => visible(n) === input.value);
            if (at < 0) {
                sift.classes.delete(about.key);
                input.value = '';
            } else {
                sift.classes.set(about.key, at);
            }
            onchange();
        },
    });
    return el(
        'div.range',
        { title: about.about || null },
        el('div.range-head', null, el('span', null, about.title)),
        input,
        list
    );
}
