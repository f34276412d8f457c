// tints.js - activations as colours: nothing is as the page itself, much is strong; below zero is another hue.
'use strict';

const Tints = (() => {
    const STOPS = {
        light: {
            up: [
                [0, 0xee, 0xf1, 0xf0],
                [0.3, 0x9c, 0xc9, 0xcf],
                [0.65, 0x1c, 0x76, 0x86],
                [1, 0x05, 0x1f, 0x27],
            ],
            down: [
                [0, 0xee, 0xf1, 0xf0],
                [0.5, 0xf2, 0xa0, 0x6c],
                [1, 0x8f, 0x34, 0x04],
            ],
        },
        dark: {
            up: [
                [0, 0x20, 0x26, 0x2a],
                [0.3, 0x1b, 0x5c, 0x68],
                [0.65, 0x6c, 0xc4, 0xd0],
                [1, 0xf6, 0xfe, 0xff],
            ],
            down: [
                [0, 0x20, 0x26, 0x2a],
                [0.5, 0xa8, 0x52, 0x1c],
                [1, 0xff, 0xc9, 0xa0],
            ],
        },
    };
    const made = new Map();

    /** 256 colours as a little-endian canvas has them. @param {string} way "up" or "down" from zero */
    function table(way) {
        const key = `${Theme.now()} ${way}`;
        if (!made.has(key)) {
            const stops = STOPS[Theme.now()][way];
            made.set(
                key,
                Uint32Array.from({ length: 256 }, (_, i) => {
                    const t = (i / 255) ** 0.7; // so that what is weak beside the strongest is still seen
                    const k = Math.max(
                        1,
                        stops.findIndex(stop => stop[0] >= t)
                    );
                    const [a, b] = [stops[k - 1], stops[k]];
                    const f = (t - a[0]) / (b[0] - a[0]);
                    const c = j => Math.round(a[j] + f * (b[j] - a[j]));
                    return (255 << 24) | (c(3) << 16) | (c(2) << 8) | c(1);
                })
            );
        }
        return made.get(key);
    }

    /** Calls back whenever the colours of the page change. */
    function follow(redraw) {
        const observer = new MutationObserver(redraw);
        observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
        return observer;
    }

    /** A canvas of its own, as large as a map. */
    function scratch() {
        const canvas = document.createElement('canvas');
        const context = canvas.getContext('2d', { willReadFrequently: true });
        let image = null,
            words = null;
        return {
            /** @param {function(Uint32Array)} paint fills rows * columns colours @returns the canvas */
            draw(rows, columns, paint) {
                if (!image || canvas.width !== columns || canvas.height !== rows) {
                    canvas.width = columns;
                    canvas.height = rows;
                    image = context.createImageData(columns, rows);
                    words = new Uint32Array(image.data.buffer);
                }
                paint(words);
                context.putImageData(image, 0, 0);
                return canvas;
            },
        };
    }

    return { table, follow, scratch };
})();

/** IEEE 754 halves as floats. */
const halves = (() => {
    let table = null;
    function make() {
        const t = new Float32Array(65536);
        for (let h = 0; h < 65536; h++) {
            const sign = h & 0x8000 ? -1 : 1,
                exponent = (h >> 10) & 31,
                fraction = h & 1023;
            t[h] =
                exponent === 0
                    ? sign * fraction * 2 ** -24
                    : exponent === 31
                      ? fraction
                          ? NaN
                          : sign * Infinity
                      : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
        }
        return t;
    }
    /** @param {ArrayBuffer} buffer @param {number} from byte; even */
    return (buffer, from, n) => {
        table = table || make();
        const raw = new Uint16Array(buffer, from, n);
        return Float32Array.from(raw, h => table[h]);
    };
})();
