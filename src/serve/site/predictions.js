// predictions.js - what the network takes the image for, as bars that move.
'use strict';

class Predictions {
    /** @param {function(number)} onpick of a class */
    constructor(onpick) {
        this.onpick = onpick;
        this.list = el('ol.bars.predictions');
        this.note = el('p.aside');
        this.node = el(
            'section.prediction',
            { 'aria-label': 'Prediction' },
            el('h2', null, 'Prediction'),
            this.list,
            this.note
        );
        this.before = new Map(); // class -> p of the image as it was
        this.rows = [];
    }

    /** @param {{top: Array, softmax: boolean}} answer @param {boolean} edited whether the image is not as it was */
    show(answer, edited) {
        const { top, softmax } = answer;
        this.top = top;
        if (!edited) this.before = new Map(top.map(one => [one.class, one.p]));
        while (this.rows.length < top.length) this.rows.push(this.row());
        this.list.replaceChildren(...this.rows.slice(0, top.length).map(row => row.node));
        // Without probabilities the bars are of scores, from the least of those shown.
        const known = one => one.p !== null && one.p !== undefined;
        const most = Math.max(...top.map(one => one.score), 0),
            least = Math.min(...top.map(one => one.score), 0);
        top.forEach((one, k) => {
            const row = this.rows[k];
            row.class = one.class;
            const text = one.label ? visible(one.label) : `class ${one.class}`;
            if (row.label.textContent !== text) {
                row.label.textContent = text;
                row.label.title = `${text}: the unit that stands for it`;
            }
            row.amount.textContent = known(one) ? share(one.p) : number(one.score);
            const length = known(one) ? one.p : (one.score - least) / (most - least || 1);
            row.fill.style.width = `${100 * length}%`;
            const was = this.before.get(one.class);
            row.was.hidden = !edited || was === undefined || was === null || !known(one);
            if (!row.was.hidden) row.was.style.left = `${100 * was}%`;
        });
        this.note.textContent = edited
            ? 'The marks are where the image was before.'
            : softmax === false
              ? 'Scores: the network ends without a softmax.'
              : '';
        this.note.hidden = !this.note.textContent;
    }

    row() {
        const label = el('bdi', { dir: 'auto' }),
            amount = el('span.amount'),
            fill = el('span.fill'),
            was = el('span.was', { hidden: true });
        const row = { label, amount, fill, was };
        row.node = el(
            'li',
            null,
            el('button.label', { type: 'button', onclick: () => this.onpick(row.class) }, label),
            amount,
            el('span.track', { 'aria-hidden': 'true' }, fill, was)
        );
        return row;
    }
}
