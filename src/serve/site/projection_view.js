// projection_view.js - a unit's projection beside the patch it is of, by one rule or by three, and how it is made.
'use strict';

const RULES = ['deconvnet', 'guided', 'gradient'];

class ProjectionView {
    /**
     * @param {Object} o
     * @param {function(Object, string)} o.set keys of the address; "push" or "replace"
     * @param {function()} o.onhold the scale of now is wanted for all that come
     */
    constructor(o) {
        this.o = o;
        this.patch = this.figure('patch');
        this.made = new Map(RULES.map(rule => [rule, this.figure(rule)]));
        this.figures = el('div.projections');
        this.message = el('p.notice.small', { hidden: true });
        const pick = key => v => o.set({ [key]: v }, 'push');
        this.switches = {
            r: segmented('Rule', [...RULES.map(r => [r, r]), ['three', 'all']], 'deconvnet', pick('r')),
            s: segmented(
                'Seed',
                [
                    ['value', 'its value'],
                    ['one', 'one'],
                ],
                'value',
                pick('s')
            ),
            f: segmented(
                'Rectify',
                [
                    ['relu', 'ReLUs'],
                    ['all', 'all activations'],
                ],
                'relu',
                pick('f')
            ),
            v: segmented(
                'View',
                [
                    ['crop', 'patch'],
                    ['full', 'whole input'],
                ],
                'crop',
                pick('v')
            ),
            c: segmented(
                'Scale',
                [
                    ['own', 'its own'],
                    ['held', 'held'],
                ],
                'own',
                v => (v === 'own' ? o.set({ c: 'own' }, 'push') : o.onhold())
            ),
        };
        this.zoom = selection(
            'Zoom',
            [['fit', 'fits'], ...[1, 2, 3, 4, 6, 8, 12, 16].map(z => [String(z), `${z} ×`])],
            'fit',
            pick('z')
        );
        const row = (text, control) => el('div', null, el('dt', null, text), el('dd', null, control));
        this.rectify = row('Rectify at', this.switches.f.node);
        this.node = el(
            'div.projection',
            null,
            this.figures,
            this.message,
            this.switches.r.node,
            el(
                'dl.switches',
                null,
                row('View', this.switches.v.node),
                row('Scale', this.switches.c.node),
                row('Seed', this.switches.s.node),
                this.rectify,
                row('Zoom', this.zoom)
            )
        );
    }

    figure(kind) {
        const canvas = el('canvas', { role: 'img' });
        const caption = el('figcaption');
        return { kind, canvas, caption, node: el(`figure.${kind}`, null, canvas, caption) };
    }

    static rules(v) {
        return v.r === 'three' ? RULES : [v.r];
    }

    /** @param {Object} v the view */
    update(v) {
        for (const [key, control] of Object.entries(this.switches))
            control.pick(key === 'c' && v.c !== 'own' ? 'held' : v[key]);
        this.zoom.value = v.z;
        const rules = ProjectionView.rules(v);
        const nodes = [this.patch, ...rules.map(rule => this.made.get(rule))].map(figure => figure.node);
        if (nodes.length !== this.figures.childElementCount || nodes.some((n, i) => n !== this.figures.children[i]))
            this.figures.replaceChildren(...nodes);
        this.figures.classList.toggle('three', rules.length > 1);
        this.figures.classList.toggle('fixed', v.z !== 'fit');
        this.v = v;
        for (const rule of rules) this.fit(this.made.get(rule));
        this.fit(this.patch);
    }

    /** One projection has come. @param {{bitmap, unit, box}} picture @param {ImageBitmap} input that it is of */
    show(rule, picture, input) {
        const figure = this.made.get(rule);
        const { bitmap, box, unit } = picture;
        figure.picture = picture;
        this.paint(figure, bitmap.width, bitmap.height, context => context.drawImage(bitmap, 0, 0));
        const where = this.v.p === 'all' ? 'the whole map' : 'one position';
        figure.canvas.setAttribute(
            'aria-label',
            `Projection of ${where} by ${rule}, ${bitmap.width} by ${bitmap.height} pixels`
        );
        figure.caption.textContent = rule;
        this.message.hidden = unit.length === 0 || unit[0] !== 0;
        if (!this.message.hidden) this.message.textContent = 'It is 0 here: there is nothing to project.';
        if (rule === ProjectionView.rules(this.v)[0]) this.showPatch(input, box, bitmap);
    }

    /** What of the input the projection is of; where it goes beyond the input there is nothing. */
    showPatch(input, box, bitmap) {
        if (!input) return;
        const whole = this.v.v === 'full' || box.length !== 4;
        // A field larger than the input is cut to it.
        const start = (k, size) => (whole ? 0 : box[k + 2] - box[k] === size ? box[k] : Math.max(0, box[k]));
        const [y0, x0] = [start(0, bitmap.height), start(1, bitmap.width)];
        this.paint(this.patch, bitmap.width, bitmap.height, context => {
            context.clearRect(0, 0, bitmap.width, bitmap.height);
            context.drawImage(input, -x0, -y0);
        });
        const size = `${bitmap.height}\u2009×\u2009${bitmap.width}`;
        this.patch.canvas.setAttribute(
            'aria-label',
            whole ? 'The input of the network' : 'The patch of the input that it is of'
        );
        this.patch.caption.textContent = `${whole ? 'input' : 'patch'} ${size}`;
    }

    paint(figure, width, height, draw) {
        const { canvas } = figure;
        if (canvas.width !== width || canvas.height !== height) {
            canvas.width = width;
            canvas.height = height;
        }
        draw(canvas.getContext('2d'));
        this.fit(figure);
    }

    fit({ canvas }) {
        const zoom = this.v && this.v.z !== 'fit' ? Number(this.v.z) : 0;
        canvas.style.width = zoom ? `${canvas.width * zoom}px` : '';
        canvas.classList.toggle('pixelated', (zoom || 180 / canvas.width) >= 2);
    }

    refuse(message) {
        this.message.textContent = message;
        this.message.hidden = false;
    }
}
