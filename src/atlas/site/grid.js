// grid.js - a grid of any number of cells of which only those on the screen exist.
'use strict';

/**
 * The page itself scrolls; the grid is as high as all its rows, and holds the cells near the window. A cell is an
 * element that is made once and kept: it is given to another place when its own goes out of sight, but for the one that
 * has the focus.
 */
class Grid {
    /**
     * @param {Object} o
     * @param {string} o.label
     * @param {function(): HTMLElement} o.make an empty cell, a link
     * @param {function(HTMLElement, number)} o.fill puts an item into a cell
     * @param {function(number): {width: number, height: number}} o.measure of a cell at that size, without the gap
     */
    constructor(o) {
        this.o = o;
        this.gap = 10;
        this.items = [];
        this.size = 96;
        this.columns = 1;
        this.cells = new Map(); // place among the items -> cell
        this.spare = [];
        this.active = 0; // the place that Tab comes to
        this.node = el('div.grid', {
            role: 'list',
            'aria-label': o.label,
            onkeydown: e => this.key(e),
            onfocusin: e => this.focused(e),
        });
        this.scrolled = () => this.later();
        this.pending = 0;
    }

    /** Once it is in the page; stop() before it is taken out. */
    start() {
        addEventListener('scroll', this.scrolled, { passive: true });
        this.observer = new ResizeObserver(() => this.arrange());
        this.observer.observe(this.node);
        this.arrange();
    }

    stop() {
        removeEventListener('scroll', this.scrolled);
        if (this.observer) this.observer.disconnect();
        cancelAnimationFrame(this.pending);
    }

    /** @param {ArrayLike<number>} items in their order */
    show(items) {
        this.items = items;
        this.active = 0;
        this.clear();
        this.arrange();
    }

    resize(size) {
        const first = this.firstVisible();
        this.size = size;
        this.clear();
        this.arrange();
        if (first > 0) this.reveal(first, true);
    }

    /** All cells are filled again. */
    refresh() {
        this.clear();
        this.draw();
    }

    // -- where things are --------------------------------------------------------------------------

    arrange() {
        const width = this.node.clientWidth;
        if (!width) return;
        const wanted = this.o.measure(this.size);
        const columns = Math.max(1, Math.floor((width + this.gap) / (wanted.width + this.gap)));
        // What is left at the right is shared out, so that rows end where the page does.
        this.cellWidth = Math.floor((width - (columns - 1) * this.gap) / columns);
        if (columns === 1) this.cellWidth = Math.min(width, wanted.width);
        this.cellHeight = wanted.height + this.cellWidth - wanted.width;
        if (this.o.fixedHeight) this.cellHeight = wanted.height;
        this.step = columns > 1 ? (width - this.cellWidth) / (columns - 1) : 0; // from column to column
        this.columns = columns;
        this.pitch = this.cellHeight + this.gap;
        const rows = Math.ceil(this.items.length / columns);
        this.node.style.height = `${Math.max(0, rows * this.pitch - this.gap)}px`;
        for (const [place, cell] of this.cells) this.put(cell, place);
        this.draw();
    }

    top() {
        return this.node.getBoundingClientRect().top;
    }

    firstVisible() {
        return Math.max(0, Math.floor(-this.top() / (this.pitch || 1))) * this.columns;
    }

    put(cell, place) {
        const row = Math.floor(place / this.columns),
            column = place % this.columns;
        cell.style.transform = `translate(${Math.round(column * this.step)}px, ${row * this.pitch}px)`;
        cell.style.width = `${this.cellWidth}px`;
        cell.style.height = `${this.cellHeight}px`;
    }

    later() {
        if (!this.pending)
            this.pending = requestAnimationFrame(() => {
                this.pending = 0;
                this.draw();
            });
    }

    /** Makes the cells in and near the window those that exist. */
    draw() {
        if (!this.pitch) return;
        const top = -this.top(),
            margin = 1.5 * this.pitch;
        const first = Math.max(0, Math.floor((top - margin) / this.pitch)) * this.columns;
        const last = Math.min(this.items.length, Math.ceil((top + innerHeight + margin) / this.pitch) * this.columns);
        for (const [place, cell] of this.cells)
            if ((place < first || place >= last) && cell !== document.activeElement) {
                this.cells.delete(place);
                this.spare.push(cell);
            }
        for (let place = first; place < last; place++) if (!this.cells.has(place)) this.fill(place);
        for (const cell of this.spare) if (!cell.hidden) cell.hidden = true;
    }

    fill(place) {
        let cell = this.spare.pop();
        if (!cell) {
            cell = this.o.make();
            cell.classList.add('cell');
            cell.setAttribute('role', 'listitem');
            this.node.append(cell);
        }
        cell.hidden = false;
        cell.tabIndex = -1;
        cell.firstElementChild.tabIndex = place === this.active ? 0 : -1;
        cell.dataset.place = place;
        cell.setAttribute('aria-posinset', place + 1);
        cell.setAttribute('aria-setsize', this.items.length);
        this.put(cell, place);
        this.o.fill(cell, this.items[place]);
        this.cells.set(place, cell);
        return cell;
    }

    clear() {
        this.spare.push(...this.cells.values());
        this.cells.clear();
    }

    // -- keys --------------------------------------------------------------------------------------

    focused(event) {
        const cell = event.target.closest('.cell');
        if (cell) this.activate(Number(cell.dataset.place));
    }

    activate(place) {
        const link = at => this.cells.get(at) && this.cells.get(at).firstElementChild;
        if (link(this.active)) link(this.active).tabIndex = -1;
        this.active = place;
        if (link(place)) link(place).tabIndex = 0;
    }

    /** What stays at the top of the window, in pixels. */
    head() {
        const stays = [...document.querySelectorAll('.bar, .toolbar')].filter(
            n => getComputedStyle(n).position === 'sticky'
        );
        return stays.reduce((sum, n) => sum + n.offsetHeight, 8);
    }

    /** Scrolls back to the first row, from below it. */
    rewind() {
        const over = this.top() - this.head();
        if (over < 0) scrollBy(0, over);
    }

    /** Scrolls a place into the window. */
    reveal(place, toTop) {
        const y = Math.floor(place / this.columns) * this.pitch,
            top = -this.top();
        const head = this.head();
        if (toTop || y < top + head) scrollBy(0, y - top - head);
        else if (y + this.cellHeight > top + innerHeight - 8) scrollBy(0, y + this.cellHeight + 8 - top - innerHeight);
        this.draw();
    }

    focus(place) {
        this.activate(place);
        this.reveal(place, false);
        const cell = this.cells.get(place);
        if (cell) cell.firstElementChild.focus({ preventScroll: true });
    }

    key(event) {
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        const page = this.columns * Math.max(1, Math.floor((innerHeight - 120) / this.pitch));
        const last = this.items.length - 1;
        const to = {
            ArrowLeft: this.active - 1,
            ArrowRight: this.active + 1,
            ArrowUp: this.active - this.columns,
            ArrowDown: this.active + this.columns,
            PageUp: this.active - page,
            PageDown: this.active + page,
            Home: 0,
            End: last,
        }[event.key];
        if (to === undefined || last < 0) return;
        event.preventDefault();
        event.stopPropagation();
        if (event.key.startsWith('Arrow') && (to < 0 || to > last)) return;
        this.focus(Math.max(0, Math.min(last, to)));
    }
}
