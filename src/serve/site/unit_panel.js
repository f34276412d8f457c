// unit_panel.js - one unit: which, its map, its projection, what the atlas's index knows of it, and how to keep it.
'use strict';

class UnitPanel {
    /**
     * @param {Object} o
     * @param {function(number)} o.onstep to the unit beside
     * @param {function(string)} o.onnumber a unit's number was typed
     * @param {BigMap} o.map @param {ProjectionView} o.projection
     * @param {function()} o.oncopy @param {function()} o.onsave @param {function()} o.onkeep
     * @param {boolean} o.index whether there is one
     */
    constructor(o) {
        this.o = o;
        this.input = el('input.unit-input', {
            type: 'text',
            inputmode: 'numeric',
            autocomplete: 'off',
            'aria-label': 'Unit',
            onchange: e => o.onnumber(e.target.value.trim()),
        });
        this.of = el('span.aside.unit-of');
        const step = (by, text, label) =>
            el('button.step', { type: 'button', 'aria-label': label, title: label, onclick: () => o.onstep(by) }, text);
        this.value = el('p.map-value');
        this.single = el(
            'div.single',
            { hidden: true },
            this.value,
            el('p.aside', null, 'one value: the layer has no positions')
        );
        this.hits = new Hits();
        this.node = el(
            'section.unit-panel',
            { 'aria-label': 'The unit' },
            el(
                'div.unit-head',
                null,
                el('h2', null, 'Unit'),
                this.input,
                step(-1, '\u2039', 'Previous unit'),
                step(1, '\u203a', 'Next unit'),
                this.of
            ),
            el('div.unit-seen', null, o.map.node, this.single, o.projection.node),
            el(
                'div.toolbar.unit-actions',
                null,
                el('button', { type: 'button', onclick: o.oncopy }, 'Copy command'),
                el('button', { type: 'button', onclick: o.onsave }, 'Save …'),
                el('button', { type: 'button', onclick: o.onkeep }, 'Keep')
            ),
            o.index ? this.hits.node : null
        );
    }

    update(v) {
        this.input.value = v.u;
        this.of.textContent = v.layer ? `of ${count(v.layer.units)} in ${shortLayer(v.layer.name)}` : '';
        this.of.title = v.layer ? visible(v.layer.name) : '';
        this.o.map.node.hidden = !v.layer || !v.layer.maps;
        this.single.hidden = !this.o.map.node.hidden;
    }
}

/** The unit's nine hits over the images of the index. */
class Hits {
    constructor() {
        this.lane = new Lane(`hits-${Hits.made++}`);
        this.grid = el('div.hits-grid');
        this.note = el('p.aside');
        this.node = el(
            'section.hits',
            { 'aria-label': 'Over all images of the index', hidden: true },
            el('h2', null, 'Over all images'),
            this.note,
            this.grid
        );
    }

    /** @param {boolean} known whether the layer is in the index */
    async show(model, layer, unit, known) {
        if (!known) {
            this.node.hidden = true;
            return;
        }
        const answer = await this.lane.ask('hits', { model, layer, unit }, asJson);
        if (!answer) return;
        const { hits, stats = {} } = answer;
        this.node.hidden = false;
        const facts = [];
        if (stats.max !== undefined) facts.push(`strongest ${number(stats.max)}`);
        if (stats.active_images !== undefined) facts.push(`active in ${share(stats.active_images)} of the images`);
        this.note.textContent = hits.length ? facts.join(', ') : 'No image of the index makes it greater than zero.';
        this.grid.replaceChildren(
            ...hits.map((hit, place) =>
                el('img', {
                    src: Server.url('hit', { model, layer, unit, place }),
                    loading: 'lazy',
                    title: `${visible(hit.image)}, ${number(hit.value)}`,
                    alt: `${ordinal(place + 1)} strongest: ${shorten(base(hit.image), 60)}, response ${number(hit.value)}; its patch and projection`,
                })
            )
        );
    }
}
Hits.made = 0;
