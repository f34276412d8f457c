// moves.js - move, turn and scale the image, and the curves that grow meanwhile: how far each layer's features go from
// those of the image as it was, and what becomes of its class.
'use strict';

class Moves {
    static KINDS = [
        ['dx', 'Right'],
        ['dy', 'Down'],
        ['turn', 'Turn'],
        ['scale', 'Scale'],
    ];

    /**
     * @param {Object} o
     * @param {string} o.lane
     * @param {function(Edit, boolean)} o.onedit what is to be done; whether it is a new step for the back button
     */
    constructor(o) {
        this.o = o;
        this.lane = new Lane(o.lane);
        this.edit = new Edit();
        this.kind = 'turn';
        this.points = new Map(); // value -> {distances: [{layer, distance}], p}
        this.about = ''; // what the curve is of, all but the value
        this.sweeping = 0; // the number of the sweep, or of the slide that has ended it
        this.running = false;
        this.rows = new Map(Moves.KINDS.map(([kind, text]) => [kind, this.row(kind, text)]));
        this.sweep = el('button.quiet', { type: 'button', onclick: () => this.run() }, 'Sweep');
        this.chart = el('div.curves');
        this.node = el(
            'details.moves',
            { ontoggle: () => this.node.open && this.again && this.again() },
            el('summary', null, 'Move, turn, scale'),
            el(
                'div.sliders',
                null,
                [...this.rows.values()].map(row => row.node)
            ),
            el('div.toolbar', null, this.sweep, el('span.aside.curve-note', null, '')),
            this.chart
        );
        this.note = this.node.querySelector('.curve-note');
        this.drawChart();
    }

    row(kind, text) {
        const slider = el('input', {
            type: 'range',
            'aria-label': { dx: 'Move to the right', dy: 'Move down', turn: 'Turn', scale: 'Scale' }[kind],
            onpointerdown: () => (this.fresh = true),
            onkeydown: e => e.repeat || (this.fresh = true),
            oninput: () => this.slide(kind, Number(slider.value)),
        });
        const output = el('output');
        return { slider, output, node: el('label', null, el('span', null, text), slider, output) };
    }

    /** @param {number[]} input height and width of the network's input */
    size([height, width]) {
        const range = { dx: width / 4, dy: height / 4 };
        for (const [kind, { slider }] of this.rows) {
            const r = Math.round(range[kind]);
            const [min, max, step] = kind === 'turn' ? [-180, 180, 5] : kind === 'scale' ? [0.5, 2, 0.05] : [-r, r, 1];
            Object.assign(slider, { min, max, step });
        }
        this.update(this.edit);
    }

    update(edit) {
        this.edit = edit;
        for (const [kind, { slider, output }] of this.rows) {
            slider.value = edit[kind];
            output.textContent =
                kind === 'turn'
                    ? `${String(edit.turn).replace('-', '\u2212')}°`
                    : kind === 'scale'
                      ? `${edit.scale.toFixed(2)} ×`
                      : `${String(edit[kind]).replace('-', '\u2212')} px`;
            slider.setAttribute('aria-valuetext', output.textContent);
        }
    }

    slide(kind, value) {
        this.sweeping++;
        this.set(kind, value, Boolean(this.fresh));
        this.fresh = false;
    }

    set(kind, value, begins) {
        const next = new Edit(this.edit.toString());
        next[kind] = value;
        this.kind = kind;
        this.o.onedit(next, begins);
    }

    // -- curves ------------------------------------------------------------------------------------

    /**
     * A point of the curve: where the image is now.
     * @param {Object} trace model, image, edit @param {string} layer that is looked at
     */
    async measure(trace, layer, model) {
        this.layer = layer;
        this.model = model;
        this.again = () => this.measure(trace, layer, model);
        if (!this.node.open) return;
        const edit = new Edit(trace.edit);
        const about = `${trace.model} ${trace.image} ${this.kind} ${edit.toString(this.kind)}`;
        if (about !== this.about) {
            this.points.clear();
            this.about = about;
        }
        const value = edit[this.kind];
        const answer = await this.lane.ask('shift', trace, asJson);
        if (this.arrived) this.arrived();
        if (!answer || this.about !== about) return;
        this.points.set(value, answer);
        this.drawChart();
    }

    drawChart() {
        const points = [...this.points].sort((a, b) => a[0] - b[0]);
        const { slider } = this.rows.get(this.kind);
        const lo = Number(slider.min),
            hi = Number(slider.max);
        const text = Moves.KINDS.find(([kind]) => kind === this.kind)[1].toLowerCase();
        this.note.textContent = points.length ? counted(points.length, 'point') : 'Curves grow as a slider moves.';
        if (!points.length) {
            this.chart.replaceChildren();
            return;
        }
        const names = points[0][1].distances.map(d => String(d.layer));
        const lines = names.map(id => ({
            id,
            values: points.map(([v, { distances }]) => [
                v,
                (distances.find(d => String(d.layer) === id) || {}).distance,
            ]),
        }));
        const most = Math.max(...lines.flatMap(line => line.values.map(([, d]) => d || 0)), 0.1);
        const named = id => {
            const layer = this.model && this.model.layers.find(l => l.id === id);
            return layer ? layer.name : id;
        };
        const here = names.includes(this.layer) ? this.layer : names[names.length - 1];
        const p = points.map(([v, answer]) => [v, answer.p]);
        this.chart.replaceChildren(
            this.plot(
                `Distance of ${counted(names.length, 'layer')} by ${text}`,
                lo,
                hi,
                most,
                [...lines.filter(line => line.id !== here), ...lines.filter(line => line.id === here)].map(line => [
                    line.values,
                    line.id === here ? 'here' : 'other',
                ]),
                number(most)
            ),
            el(
                'p.legend',
                null,
                el('span.key.here', { 'aria-hidden': 'true' }),
                name(named(here)),
                names.length > 1 ? [el('span.key.other', { 'aria-hidden': 'true' }), 'other layers'] : null,
                el('span.legend-axis', null, 'distance from the image as it was')
            ),
            ...(p.some(([, v]) => v !== null && v !== undefined)
                ? [
                      this.plot(`Probability of the class by ${text}`, lo, hi, 1, [[p, 'class']], '100\u2009%'),
                      el('p.legend', null, el('span.key.class', { 'aria-hidden': 'true' }), 'probability of its class'),
                  ]
                : [])
        );
    }

    /** @param {Array<[Array<[number, number]>, string]>} lines points, and what they are */
    plot(label, lo, hi, most, lines, top) {
        const W = 300,
            H = 84;
        const x = v => ((v - lo) / (hi - lo || 1)) * W,
            y = v => H - 2 - (v / most) * (H - 6);
        const neutral = this.kind === 'scale' ? 1 : 0;
        return el(
            'figure.curve',
            null,
            svg(
                'svg',
                { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
                svg('path.axis-line', { d: `M0 ${H - 2}H${W}M${x(neutral)} 0V${H}` }),
                svg('path.now', { d: `M${x(this.edit[this.kind])} 0V${H}` }),
                lines.map(([values, kind]) => {
                    const known = values.filter(([, v]) => v !== null && v !== undefined);
                    // A single point is a short line.
                    const at = known.length === 1 ? [known[0], [known[0][0] + (hi - lo) / 150, known[0][1]]] : known;
                    return svg(`path.line.${kind}`, {
                        d: at.map(([v, d], i) => `${i ? 'L' : 'M'}${x(v).toFixed(1)} ${y(d).toFixed(1)}`).join(''),
                    });
                })
            ),
            el('span.curve-top', { 'aria-hidden': 'true' }, top),
            el(
                'div.axis',
                { 'aria-hidden': 'true' },
                [lo, neutral, hi].map(v => el('span', null, String(v).replace('-', '\u2212')))
            )
        );
    }

    /** Runs the slider that was moved last from end to end, and back to where it was; or stops. */
    async run() {
        if (this.running) {
            this.running = false;
            return;
        }
        this.running = true;
        const mine = ++this.sweeping;
        const kind = this.kind,
            was = this.edit[kind];
        const { slider } = this.rows.get(kind);
        const lo = Number(slider.min),
            hi = Number(slider.max);
        this.sweep.textContent = 'Stop';
        const n = 24;
        for (let i = 0; i <= n && this.running && mine === this.sweeping; i++) {
            const step = Number(slider.step);
            const value = Math.round((lo + ((hi - lo) * i) / n) / step) * step;
            const arrived = new Promise(resolve => (this.arrived = resolve));
            this.set(kind, Number(value.toFixed(3)), i === 0);
            await Promise.race([arrived, Server.pause(3000)]);
        }
        this.running = false;
        this.sweep.textContent = 'Sweep';
        if (mine === this.sweeping) this.set(kind, was, false);
    }
}
