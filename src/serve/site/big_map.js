// big_map.js - the map of one unit, large: what is under the pointer, and which place of it is looked at.
'use strict';

class BigMap {
    /**
     * @param {Object} o
     * @param {function(number, number)|function(null)} o.onhover a place y, x; null: none
     * @param {function()} o.onpoint another map points at a place of this one, which is in `hovered`
     * @param {function(string, boolean)} o.onchoose "y,x", "max" or "all"; whether it is a click (not a drag)
     */
    constructor(o) {
        this.o = o;
        this.rows = this.columns = 0;
        this.chosen = null; // [y, x], or 'all'
        this.hovered = null;
        this.scratch = Tints.scratch();
        this.canvas = el('canvas', { 'aria-hidden': 'true' });
        this.frame = el(
            'div.big-map',
            {
                tabindex: 0,
                role: 'application',
                onpointerdown: e => this.press(e),
                onpointermove: e => this.move(e),
                onpointerleave: () => this.hover(null),
                onkeydown: e => this.key(e),
            },
            this.canvas
        );
        this.shown = el('p.map-value');
        this.note = el('p.aside.map-note');
        const go = (place, text) =>
            el(
                'button',
                {
                    type: 'button',
                    'aria-pressed': 'false',
                    'data-place': place,
                    onclick: () => this.o.onchoose(place, true),
                },
                text
            );
        this.places = [go('max', 'Strongest'), go('all', 'Whole map')];
        this.node = el(
            'div.map',
            null,
            this.frame,
            el(
                'div.map-side',
                null,
                el('div', null, this.shown, this.note),
                el('div.map-places', { role: 'group', 'aria-label': 'Position' }, this.places)
            )
        );
        Tints.follow(() => this.draw());
        new ResizeObserver(() => this.draw()).observe(this.frame);
    }

    /** @param {ArrayBuffer} bytes of api/map @param {string} label whose map it is */
    show(bytes, label) {
        const head = new DataView(bytes);
        this.rows = head.getUint32(0, true);
        this.columns = head.getUint32(4, true);
        this.values = halves(bytes, 8, this.rows * this.columns);
        let most = 0;
        this.best = 0;
        this.values.forEach((v, i) => {
            most = Math.max(most, Math.abs(v));
            if (v > this.values[this.best]) this.best = i;
        });
        this.most = most;
        this.frame.setAttribute(
            'aria-label',
            `${label}: map of ${this.rows} by ${this.columns}. Arrow keys move over it, Home is where it is strongest`
        );
        this.frame.style.setProperty('aspect-ratio', `${this.columns} / ${this.rows}`);
        this.frame.style.setProperty('--ratio', String(this.columns / this.rows));
        const canvas = this.scratch.draw(this.rows, this.columns, words => this.paint(words));
        this.drawn = canvas;
        this.draw();
        this.tell();
    }

    paint(words) {
        const up = Tints.table('up'),
            down = Tints.table('down');
        const f = this.most > 0 ? 255 / this.most : 0;
        this.values.forEach((v, i) => {
            words[i] = v >= 0 ? up[Math.round(v * f)] : down[Math.round(-v * f)];
        });
    }

    /** @returns [y, x] of the strongest */
    strongest() {
        return [Math.floor(this.best / this.columns), this.best % this.columns];
    }

    /** @param {string} place of the address */
    choose(place) {
        this.place = place;
        for (const button of this.places) button.setAttribute('aria-pressed', String(button.dataset.place === place));
        this.chosen = place === 'all' ? 'all' : place === 'max' ? null : place.split(',').map(Number);
        this.draw();
        this.tell();
    }

    /** Where it is looked at: a place, or null for the whole map or for none. */
    at() {
        if (!this.rows || this.place === 'all') return null;
        const [y, x] = this.chosen || this.strongest();
        return y < this.rows && x < this.columns ? [y, x] : null;
    }

    value([y, x]) {
        return this.values[y * this.columns + x];
    }

    tell() {
        if (!this.rows) return;
        const at = this.hovered || this.at();
        this.shown.textContent = number(at ? this.value(at) : this.values[this.best]);
        this.note.textContent = at ? `at y ${at[0]}, x ${at[1]}` : 'at most, over the whole map';
    }

    draw() {
        if (!this.rows || !this.frame.clientWidth) return;
        const ratio = devicePixelRatio || 1;
        const w = Math.round(this.frame.clientWidth * ratio),
            h = Math.round(this.frame.clientHeight * ratio);
        if (!w || !h) return;
        if (this.canvas.width !== w || this.canvas.height !== h) {
            this.canvas.width = w;
            this.canvas.height = h;
        }
        if (this.theme !== Theme.now()) {
            this.theme = Theme.now();
            this.scratch.draw(this.rows, this.columns, words => this.paint(words));
        }
        const context = this.canvas.getContext('2d');
        context.imageSmoothingEnabled = false;
        context.drawImage(this.drawn, 0, 0, w, h);
        const cw = w / this.columns,
            ch = h / this.rows;
        const box = ([y, x], colour, width) => {
            // No smaller than can be seen, and inside the canvas.
            const side = Math.max(cw, 9 * ratio),
                high = Math.max(ch, 9 * ratio);
            const left = Math.max(0, Math.min(w - side, (x + 0.5) * cw - side / 2));
            const top = Math.max(0, Math.min(h - high, (y + 0.5) * ch - high / 2));
            context.lineWidth = (width + 2) * ratio;
            context.strokeStyle = '#ffffff';
            const inset = (context.lineWidth + 1) / 2;
            context.strokeRect(left + inset, top + inset, side - 2 * inset, high - 2 * inset);
            context.lineWidth = width * ratio;
            context.strokeStyle = colour;
            context.strokeRect(left + inset, top + inset, side - 2 * inset, high - 2 * inset);
        };
        const at = this.at();
        if (at) box(at, '#e8590c', 2);
        if (this.hovered) box(this.hovered, '#0b5a69', 1.5);
        this.frame.classList.toggle('whole', this.place === 'all');
    }

    // -- the pointer -------------------------------------------------------------------------------

    under(event) {
        const r = this.frame.getBoundingClientRect();
        const y = Math.floor(((event.clientY - r.top) / r.height) * this.rows),
            x = Math.floor(((event.clientX - r.left) / r.width) * this.columns);
        return [Math.max(0, Math.min(this.rows - 1, y)), Math.max(0, Math.min(this.columns - 1, x))];
    }

    hover(place) {
        const [y, x] = place || [];
        const [hy, hx] = this.hovered || [];
        if (y === hy && x === hx) return;
        this.point(place);
        this.o.onhover(place);
    }

    /** As if the pointer were there. */
    point(place) {
        this.hovered = place;
        this.draw();
        this.tell();
        this.o.onpoint();
    }

    press(event) {
        if (event.button !== 0 || !this.rows) return;
        this.frame.setPointerCapture(event.pointerId);
        this.o.onchoose(this.under(event).join(), true);
    }

    move(event) {
        if (!this.rows) return;
        const place = this.under(event);
        if (this.frame.hasPointerCapture(event.pointerId)) {
            if (this.place !== place.join()) this.o.onchoose(place.join(), false);
            this.hover(null);
        } else if (event.pointerType !== 'touch') this.hover(place);
    }

    key(event) {
        if (event.ctrlKey || event.altKey || event.metaKey || !this.rows) return;
        const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
        if (step) {
            const far = event.shiftKey ? 4 : 1;
            const [y, x] = this.at() || this.strongest();
            const within = (v, n) => Math.max(0, Math.min(n - 1, v));
            const next = [within(y + far * step[0], this.rows), within(x + far * step[1], this.columns)];
            this.o.onchoose(next.join(), !event.repeat && this.chosen === null);
            announce(`y ${next[0]}, x ${next[1]}, ${number(this.value(next))}`);
        } else if (event.key === 'Home') this.o.onchoose('max', true);
        else return;
        event.preventDefault();
        event.stopPropagation();
    }
}
