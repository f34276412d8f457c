// edit.js - what was done to an image: moved, turned, scaled, and cells of it painted grey or blurred.
'use strict';

/** As the server takes it: "move:3,-2;turn:10;grey:00ff…". Masks have 32 x 32 cells over the network's input. */
class Edit {
    static CELLS = 32;

    /** @param {string} text '' or 'none': nothing was done */
    constructor(text = '') {
        this.dx = this.dy = this.turn = 0;
        this.scale = 1;
        this.masks = { grey: null, blur: null }; // 0 or 1 a cell, row by row
        for (const word of text === 'none' ? [] : text.split(';')) {
            const [kind, value = ''] = word.split(':');
            if (kind === 'move') [this.dx, this.dy] = value.split(',').map(v => Number(v) || 0);
            else if (kind === 'turn') this.turn = Number(value) || 0;
            else if (kind === 'scale') this.scale = Number(value) || 1;
            else if (kind in this.masks) this.masks[kind] = Edit.cells(value);
        }
    }

    static cells(hex) {
        const n = Edit.CELLS ** 2;
        if (hex.length !== n / 4 || !/^[0-9a-f]*$/i.test(hex)) return null;
        return Uint8Array.from({ length: n }, (_, i) => (parseInt(hex[i >> 2], 16) >> (3 - (i & 3))) & 1);
    }

    static hex(cells) {
        let text = '';
        for (let i = 0; i < cells.length; i += 4)
            text += ((cells[i] << 3) | (cells[i + 1] << 2) | (cells[i + 2] << 1) | cells[i + 3]).toString(16);
        return text;
    }

    /** Without the painting, and where `but` is given without that movement: what a curve is drawn at. */
    toString(but) {
        const number = v => String(Number(v.toFixed(3)));
        const words = [];
        const dx = but === 'dx' ? 0 : this.dx,
            dy = but === 'dy' ? 0 : this.dy;
        if (dx || dy) words.push(`move:${number(dx)},${number(dy)}`);
        if (this.turn && but !== 'turn') words.push(`turn:${number(this.turn)}`);
        if (this.scale !== 1 && but !== 'scale') words.push(`scale:${number(this.scale)}`);
        for (const kind of ['grey', 'blur']) {
            const cells = this.masks[kind];
            if (cells && cells.some(Boolean)) words.push(`${kind}:${Edit.hex(cells)}`);
        }
        return words.join(';');
    }

    moved() {
        return Boolean(this.dx || this.dy || this.turn || this.scale !== 1);
    }

    painted() {
        return Object.values(this.masks).some(cells => cells && cells.some(Boolean));
    }

    /**
     * Paints a disc of cells. A cell is grey, or blurred, or as it was.
     * @param {string} kind "grey", "blur", or "back"
     * @param {number} x @param {number} y in cells @param {number} r radius in cells
     */
    paint(kind, x, y, r) {
        const n = Edit.CELLS;
        for (let i = Math.max(0, Math.floor(y - r)); i <= Math.min(n - 1, Math.ceil(y + r)); i++)
            for (let j = Math.max(0, Math.floor(x - r)); j <= Math.min(n - 1, Math.ceil(x + r)); j++) {
                const here = i === Math.floor(y) && j === Math.floor(x);
                if (!here && (i + 0.5 - y) ** 2 + (j + 0.5 - x) ** 2 > r * r) continue;
                for (const other of ['grey', 'blur']) {
                    if (!this.masks[other] && other !== kind) continue;
                    this.masks[other] = this.masks[other] || new Uint8Array(n * n);
                    this.masks[other][n * i + j] = Number(other === kind);
                }
            }
    }
}
