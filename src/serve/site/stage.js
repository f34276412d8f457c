// stage.js - the photograph: the receptive field on it, what the network is given of it, and the brush.
'use strict';

class Stage {
    /**
     * @param {Object} o
     * @param {function(Edit, boolean)} o.onpaint the edit with what was painted; whether a stroke begins
     * @param {function(number, number)} o.onpoint a click at input pixel y, x
     * @param {function(string)} o.onview "photo" or "input"
     */
    constructor(o) {
        this.o = o;
        this.edit = new Edit();
        this.map = null; // [x0, y0, sx, sy]: input pixel -> pixel of the photograph
        this.input = null; // [height, width]
        this.brush = 'look';
        this.radius = 2.5; // cells
        this.cursor = [Edit.CELLS / 2, Edit.CELLS / 2];
        this.view = 'photo';
        this.turn = 0;
        this.picture = el('img', { alt: '' });
        this.given = el('canvas.given', { hidden: true, 'aria-hidden': 'true' });
        this.wet = el('canvas.wet', { width: Edit.CELLS, height: Edit.CELLS, 'aria-hidden': 'true' });
        this.spot = el('span.spot', { hidden: true, 'aria-hidden': 'true' });
        this.photo = el(
            'div.photo.stage-photo',
            {
                onpointerdown: e => this.press(e),
                onpointermove: e => this.move(e),
                onkeydown: e => this.key(e),
            },
            this.picture
        );
        this.note = el('p.stage-note.aside');
        this.brushes = segmented(
            'Brush',
            [
                ['look', 'Look'],
                ['grey', 'Grey'],
                ['blur', 'Blur'],
                ['back', 'Restore'],
            ],
            'look',
            v => this.take(v)
        );
        this.size = el('input', {
            type: 'range',
            min: 1,
            max: 16,
            step: 1,
            value: 5,
            'aria-label': 'Size of the brush, in cells of 32 by 32',
            oninput: e => (this.radius = Number(e.target.value) / 2),
        });
        this.undo = el(
            'button.quiet',
            { type: 'button', hidden: true, onclick: () => this.o.onpaint(new Edit(), true) },
            'As it was'
        );
        this.what = el(
            'button.quiet.what',
            {
                type: 'button',
                'aria-pressed': 'false',
                title: 'What the network is given of it',
                onclick: () => this.o.onview(this.view === 'input' ? 'photo' : 'input'),
            },
            'Input'
        );
        this.sized = el('label.brush-size', { hidden: true }, el('span', null, 'Size'), this.size);
        this.node = el(
            'section.stage',
            { 'aria-label': 'The photograph' },
            this.photo,
            el('div.stage-foot', null, this.note, this.what),
            el('div.toolbar.stage-tools', null, this.brushes.node, this.sized, this.undo)
        );
        this.frame = null;
    }

    // -- what is shown -----------------------------------------------------------------------------

    /** @param {{name, width, height}} image @param {string} src */
    async show(image, src) {
        const turn = ++this.turn;
        const next = el('img', { src, alt: `Photograph ${shorten(image.name, 80)}`, draggable: 'false' });
        try {
            await next.decode();
        } catch {
            return; // the server is gone, or another has been chosen
        }
        if (turn !== this.turn) return;
        this.image = image;
        this.picture = next;
        this.frame = fieldFrame(image.width, image.height);
        this.photo.replaceChildren(next, this.given, this.wet, this.spot, this.frame.node);
        this.arrange();
    }

    /**
     * What the network is given.
     * @param {ImageBitmap} bitmap @param {number[]} map X-Map @param {Edit} edit what was done to it
     */
    showInput(bitmap, map, edit) {
        this.input = [bitmap.height, bitmap.width];
        if (map.length === 4) this.map = map;
        this.edit = edit;
        this.given.width = bitmap.width;
        this.given.height = bitmap.height;
        this.given.getContext('2d').drawImage(bitmap, 0, 0);
        this.dry();
        this.arrange();
    }

    look(view) {
        if (view === this.view) return;
        this.view = view;
        this.what.setAttribute('aria-pressed', String(view === 'input'));
        this.arrange();
    }

    /** @returns [x0, y0, x1, y1] of the network's input, in pixels of the photograph */
    cut() {
        const { width, height } = this.image;
        if (!this.map || !this.input) return [0, 0, width, height];
        const [x0, y0, sx, sy] = this.map;
        return [x0, y0, x0 + sx * this.input[1], y0 + sy * this.input[0]];
    }

    arrange() {
        if (!this.image) return;
        const { width, height } = this.image;
        const [x0, y0, x1, y1] = this.cut();
        // What the frame holds, in pixels of the photograph.
        const [wx, wy, ww, wh] = this.view === 'input' ? [x0, y0, x1 - x0, y1 - y0] : [0, 0, width, height];
        const lay = (node, a, b, w, h) => {
            node.style.left = `${(100 * (a - wx)) / ww}%`;
            node.style.top = `${(100 * (b - wy)) / wh}%`;
            node.style.width = `${(100 * w) / ww}%`;
            node.style.height = `${(100 * h) / wh}%`;
        };
        this.photo.style.setProperty('--ratio', String(ww / wh));
        this.photo.style.setProperty('aspect-ratio', `${ww} / ${wh}`);
        lay(this.picture, 0, 0, width, height);
        for (const node of [this.given, this.wet]) lay(node, x0, y0, x1 - x0, y1 - y0);
        this.frame.node.setAttribute('viewBox', `${wx} ${wy} ${ww} ${wh}`);
        this.given.hidden = this.view !== 'input' && !this.edit.moved() && !this.edit.painted();
        this.undo.hidden = !this.edit.moved() && !this.edit.painted();
        this.field(this.box || null);
        this.moveSpot();
    }

    /** @param {number[]|null} box [y0, x0, y1, x1] in pixels of the input: a receptive field */
    field(box) {
        this.box = box;
        if (!this.frame) return;
        if (!box || !this.map) {
            this.frame.draw(null);
            return;
        }
        const [x0, y0, sx, sy] = this.map;
        this.frame.draw([x0 + sx * box[1], y0 + sy * box[0], x0 + sx * box[3], y0 + sy * box[2]]);
    }

    tell(text) {
        this.note.textContent = text;
    }

    // -- the brush ---------------------------------------------------------------------------------

    take(brush) {
        this.brush = brush;
        this.brushes.pick(brush);
        const paints = brush !== 'look';
        this.sized.hidden = !paints;
        this.photo.classList.toggle('paints', paints);
        if (paints) {
            this.photo.tabIndex = 0;
            this.photo.setAttribute('role', 'application');
            this.photo.setAttribute(
                'aria-label',
                `The photograph, to be painted: ${{ grey: 'grey', blur: 'blurred', back: 'as it was' }[brush]}. Arrow keys move the brush, Space paints`
            );
        } else {
            this.photo.removeAttribute('tabindex');
            this.photo.removeAttribute('role');
            this.photo.removeAttribute('aria-label');
        }
        this.moveSpot();
    }

    /** @returns [y, x] of the pointer from 0 to 1 over the network's input */
    over(event) {
        const r = this.wet.getBoundingClientRect();
        return [(event.clientY - r.top) / (r.height || 1), (event.clientX - r.left) / (r.width || 1)];
    }

    press(event) {
        if (event.button !== 0 || !this.map) return;
        const [y, x] = this.over(event);
        if (this.brush === 'look') {
            if (x >= 0 && y >= 0 && x < 1 && y < 1) this.o.onpoint(y * this.input[0], x * this.input[1]);
            return;
        }
        event.preventDefault();
        this.photo.focus({ preventScroll: true });
        this.photo.setPointerCapture(event.pointerId);
        this.last = null;
        this.stroke(y * Edit.CELLS, x * Edit.CELLS, true);
    }

    move(event) {
        if (this.brush === 'look' || !this.photo.hasPointerCapture(event.pointerId)) return;
        const [y, x] = this.over(event);
        this.stroke(y * Edit.CELLS, x * Edit.CELLS, false);
    }

    /** Paints from where the brush was to where it is. */
    stroke(y, x, begins) {
        const from = this.last || [y, x];
        this.last = [y, x];
        const steps = Math.max(1, Math.ceil(Math.hypot(y - from[0], x - from[1])));
        for (let i = 1; i <= steps; i++)
            this.edit.paint(
                this.brush,
                from[1] + ((x - from[1]) * i) / steps,
                from[0] + ((y - from[0]) * i) / steps,
                this.radius
            );
        this.cursor = [y, x];
        this.wetten();
        this.o.onpaint(this.edit, begins);
    }

    /** Until the server's picture of it is there, what was painted is shown by colour alone. */
    wetten() {
        const context = this.wet.getContext('2d');
        const n = Edit.CELLS;
        context.clearRect(0, 0, n, n);
        for (const [kind, colour] of [
            ['grey', 'rgb(128 128 128 / 0.9)'],
            ['blur', 'rgb(160 170 180 / 0.55)'],
        ]) {
            const cells = this.edit.masks[kind];
            context.fillStyle = colour;
            if (cells) for (let i = 0; i < n * n; i++) if (cells[i]) context.fillRect(i % n, Math.floor(i / n), 1, 1);
        }
    }

    dry() {
        this.wet.getContext('2d').clearRect(0, 0, Edit.CELLS, Edit.CELLS);
    }

    moveSpot() {
        const shown = this.brush !== 'look' && this.image && this.map;
        this.spot.hidden = !shown;
        if (!shown) return;
        const n = Edit.CELLS,
            style = this.wet.style,
            [y, x] = this.cursor,
            r = this.radius;
        const number = text => parseFloat(text) || 0;
        this.spot.style.left = `${number(style.left) + (number(style.width) * (x - r)) / n}%`;
        this.spot.style.top = `${number(style.top) + (number(style.height) * (y - r)) / n}%`;
        this.spot.style.width = `${(number(style.width) * 2 * r) / n}%`;
        this.spot.style.height = `${(number(style.height) * 2 * r) / n}%`;
    }

    key(event) {
        if (this.brush === 'look' || event.ctrlKey || event.altKey || event.metaKey) return;
        const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
        if (step) {
            const within = v => Math.max(0.5, Math.min(Edit.CELLS - 0.5, v));
            this.cursor = [
                within(Math.floor(this.cursor[0]) + 0.5 + step[0]),
                within(Math.floor(this.cursor[1]) + 0.5 + step[1]),
            ];
            this.moveSpot();
        } else if (event.key === ' ') {
            this.last = null;
            this.stroke(this.cursor[0], this.cursor[1], !event.repeat);
        } else if (event.key === 'Escape') {
            this.take('look');
        } else return;
        event.preventDefault();
        event.stopPropagation();
    }
}
