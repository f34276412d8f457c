// maps_grid.js - all maps of a layer on one canvas, of which only what is on the screen is drawn.
'use strict';

class MapsGrid {
    /** @param {function(number)} onpick of a unit */
    constructor(onpick) {
        this.onpick = onpick;
        this.units = 0;
        this.order = [];
        this.sorted = 'number';
        this.own = false; // each map at its own scale, or all at the layer's
        this.size = 64; // of a map, at least, in CSS pixels
        this.chosen = -1; // a unit
        this.active = 0; // a place in the order, where the keys are
        this.hovered = -1;
        this.scratch = Tints.scratch();
        this.canvas = el('canvas', { 'aria-hidden': 'true' });
        this.option = el('div.out-of-sight', { role: 'option', id: `maps-option-${MapsGrid.made++}` }, 'no unit yet');
        this.space = el('div.maps-space', null, this.canvas);
        this.scroll = el(
            'div.maps-scroll',
            {
                tabindex: 0,
                role: 'listbox',
                'aria-label': 'Maps of the layer',
                'aria-activedescendant': this.option.id,
                onscroll: () => this.later(),
                onpointermove: e => this.move(e),
                onpointerleave: () => this.hover(-1),
                onclick: e => this.click(e),
                onkeydown: e => this.key(e),
                onfocus: () => this.later(),
                onblur: () => this.later(),
            },
            this.space,
            this.option
        );
        this.found = el('span.found');
        this.sort = selection(
            'Order',
            [
                ['number', 'by number'],
                ['strength', 'strongest first'],
            ],
            'number',
            v => this.arrangeBy(v)
        );
        this.scale = selection(
            'Scale of the maps',
            [
                ['layer', 'one scale'],
                ['own', 'own scales'],
            ],
            'layer',
            v => {
                this.own = v === 'own';
                this.later();
            }
        );
        this.slider = el('input', {
            type: 'range',
            min: 20,
            max: 160,
            step: 4,
            value: this.size,
            'aria-label': 'Size of the maps',
            oninput: e => {
                this.size = Number(e.target.value);
                this.measure();
                this.reveal();
            },
        });
        this.title = el('h2.maps-title');
        this.node = el(
            'section.maps',
            { 'aria-label': 'Maps' },
            el(
                'div.toolbar.maps-tools',
                null,
                this.title,
                this.sort,
                this.scale,
                el('label.size', null, el('span.out-of-sight', null, 'Size'), this.slider)
            ),
            this.scroll
        );
        this.pending = 0;
        Tints.follow(() => this.later());
        new ResizeObserver(() => this.measure()).observe(this.scroll);
    }

    /** @param {ArrayBuffer} bytes of api/maps @param {boolean} anew another layer: from the top */
    show(bytes, layer, anew) {
        const head = new DataView(bytes);
        this.units = head.getUint32(0, true);
        this.rows = head.getUint32(4, true);
        this.columns = head.getUint32(8, true);
        this.max = new Float32Array(bytes, 12, this.units);
        this.bytes = new Uint8Array(bytes, 12 + 4 * this.units);
        this.greatest = this.max.reduce((a, b) => Math.max(a, b), 0);
        this.layer = layer;
        this.title.title = visible(layer.name);
        this.title.replaceChildren(
            el('span.maps-name', null, shortLayer(layer.name)),
            el('span.aside', null, counted(this.units, 'unit'))
        );
        if (anew || this.order.length !== this.units) {
            this.arrange();
            if (anew) this.scroll.scrollTop = 0;
            this.measure();
            if (this.chosen >= 0) this.reveal();
        } else this.later();
        this.describe();
    }

    /** The unit whose map is strongest. */
    strongest() {
        let best = 0;
        for (let c = 1; c < this.units; c++) if (this.max[c] > this.max[best]) best = c;
        return best;
    }

    arrangeBy(sorted) {
        this.sorted = sorted;
        this.sort.value = sorted;
        this.arrange();
        this.scroll.scrollTop = 0;
        this.reveal();
    }

    arrange() {
        this.order = Array.from({ length: this.units }, (_, c) => c);
        if (this.sorted === 'strength') this.order.sort((a, b) => this.max[b] - this.max[a] || a - b);
        this.active = Math.max(0, this.order.indexOf(this.chosen));
    }

    /** The unit that is looked at; its map comes into sight. */
    choose(unit) {
        if (unit === this.chosen) return;
        this.chosen = unit;
        const place = this.order.indexOf(unit);
        if (place >= 0) this.active = place;
        this.reveal();
        this.describe();
    }

    /** What is beside a unit in the order that is seen, by so many places. */
    beside(unit, step) {
        const place = this.order.indexOf(unit) + step;
        return place >= 0 && place < this.order.length ? this.order[place] : -1;
    }

    // -- where things are --------------------------------------------------------------------------

    measure() {
        const width = this.space.clientWidth;
        if (!width || !this.units) return;
        const points = this.rows * this.columns === 1;
        const wanted = points ? Math.max(20, this.size / 2) : this.size;
        this.gap = points ? 3 : 6;
        this.text = wanted >= 40 ? 16 : 0;
        this.across = Math.max(1, Math.floor((width + this.gap) / (wanted + this.gap)));
        this.cell = (width - (this.across - 1) * this.gap) / this.across;
        this.tall = points ? this.cell : this.cell * Math.min(2, Math.max(0.25, this.rows / this.columns));
        this.pitch = this.tall + this.text + this.gap;
        const lines = Math.ceil(this.units / this.across);
        this.space.style.height = `${Math.ceil(lines * this.pitch - this.gap) + 4}px`;
        this.later();
    }

    later() {
        if (!this.pending)
            this.pending = requestAnimationFrame(() => {
                this.pending = 0;
                this.draw();
            });
    }

    draw() {
        if (!this.units || !this.pitch) return;
        const ratio = devicePixelRatio || 1;
        const width = this.space.clientWidth,
            height = Math.min(this.scroll.clientHeight, this.space.clientHeight);
        const w = Math.round(width * ratio),
            h = Math.round(height * ratio);
        if (!w || !h) return;
        if (this.canvas.width !== w || this.canvas.height !== h) {
            this.canvas.width = w;
            this.canvas.height = h;
            this.canvas.style.height = `${height}px`;
        }
        const context = this.canvas.getContext('2d');
        const style = getComputedStyle(this.node);
        const colour = property => style.getPropertyValue(property).trim();
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        context.clearRect(0, 0, width, height);
        context.imageSmoothingEnabled = false;
        context.font = `11px ${style.fontFamily}`;
        context.textBaseline = 'middle';
        const table = Tints.table('up');
        const top = this.scroll.scrollTop;
        const first = Math.floor(top / this.pitch) * this.across;
        const last = Math.min(this.units, Math.ceil((top + height) / this.pitch) * this.across);
        const area = this.rows * this.columns;
        for (let place = first; place < last; place++) {
            const unit = this.order[place];
            const x = (place % this.across) * (this.cell + this.gap),
                y = Math.floor(place / this.across) * this.pitch - top;
            const map = this.bytes.subarray(unit * area, (unit + 1) * area);
            const f = this.own && this.max[unit] > 0 ? this.greatest / this.max[unit] : 1;
            const picture = this.scratch.draw(this.rows, this.columns, words => {
                for (let i = 0; i < area; i++) words[i] = table[Math.min(255, Math.round(map[i] * f))];
            });
            context.drawImage(picture, x, y, this.cell, this.tall);
            const marked = unit === this.chosen;
            if (this.text) {
                context.fillStyle = colour(marked ? '--ink' : '--soft');
                context.fillText(String(unit), x + 1, y + this.tall + 9);
            }
            if (marked || place === this.hovered) this.outline(context, x, y, colour(marked ? '--field' : '--accent'));
            if (
                place === this.active &&
                document.activeElement === this.scroll &&
                this.scroll.matches(':focus-visible')
            )
                this.outline(context, x - 1, y - 1, colour('--accent'), 2);
        }
    }

    outline(context, x, y, colour, more = 0) {
        context.lineWidth = 2;
        context.strokeStyle = colour;
        context.strokeRect(x + 1, y + 1, this.cell - 2 + more, this.tall - 2 + more);
    }

    // -- pointer and keys --------------------------------------------------------------------------

    under(event) {
        const r = this.space.getBoundingClientRect();
        const x = event.clientX - r.left,
            y = event.clientY - r.top;
        if (x < 0 || y < 0 || x >= r.width || !this.pitch) return -1;
        const place = Math.floor(y / this.pitch) * this.across + Math.floor(x / (this.cell + this.gap));
        return place < this.units ? place : -1;
    }

    move(event) {
        if (event.pointerType !== 'touch') this.hover(this.under(event));
    }

    hover(place) {
        if (place === this.hovered) return;
        this.hovered = place;
        const unit = this.order[place];
        this.scroll.title = place < 0 ? '' : `unit ${unit}, at most ${number(this.max[unit])}`;
        this.later();
    }

    click(event) {
        const place = this.under(event);
        if (place < 0) return;
        this.active = place;
        this.onpick(this.order[place]);
    }

    describe() {
        const unit = this.order[this.active];
        if (unit === undefined) return;
        this.option.textContent = `unit ${unit}, at most ${number(this.max[unit])}`;
        this.option.setAttribute('aria-selected', String(unit === this.chosen));
        this.option.setAttribute('aria-posinset', this.active + 1);
        this.option.setAttribute('aria-setsize', this.units);
    }

    reveal() {
        if (!this.pitch) return;
        const y = Math.floor(this.active / this.across) * this.pitch;
        const { scrollTop, clientHeight } = this.scroll;
        if (y < scrollTop) this.scroll.scrollTop = y;
        else if (y + this.pitch > scrollTop + clientHeight) this.scroll.scrollTop = y + this.pitch - clientHeight;
        this.later();
    }

    key(event) {
        if (event.ctrlKey || event.altKey || event.metaKey || !this.units) return;
        const page = this.across * Math.max(1, Math.floor(this.scroll.clientHeight / this.pitch));
        const to = {
            ArrowLeft: this.active - 1,
            ArrowRight: this.active + 1,
            ArrowUp: this.active - this.across,
            ArrowDown: this.active + this.across,
            PageUp: Math.max(0, this.active - page),
            PageDown: Math.min(this.units - 1, this.active + page),
            Home: 0,
            End: this.units - 1,
        }[event.key];
        if (to !== undefined) {
            if (to >= 0 && to < this.units) this.active = to;
            this.describe();
            this.reveal();
        } else if (event.key === 'Enter' || event.key === ' ') this.onpick(this.order[this.active]);
        else return;
        event.preventDefault();
        event.stopPropagation();
    }
}
MapsGrid.made = 0;
