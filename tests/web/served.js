// served.js - a server of one's own: started, stopped, started again at the same place; and pictures to give to it.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const zlib = require('zlib');

const children = new Set();
process.on('exit', () => children.forEach(child => child.kill('SIGKILL')));

/** Starts it, and waits for the line that says where it is. @returns {Promise<{url, stop}>} */
function serve(build, words) {
    const child = spawn(path.join(build, 'deconvviz'), ['serve', '--no-browser', '-q', ...words], {
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    const stop = () =>
        new Promise(resolve => {
            if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
            child.on('exit', resolve);
            child.kill('SIGTERM');
        });
    children.add(child);
    child.on('exit', () => children.delete(child));
    return new Promise((resolve, reject) => {
        let text = '';
        child.on('error', reject);
        child.on('exit', code => reject(new Error(`the server ended with ${code}: ${text}`)));
        child.stdout.on('data', data => {
            text += data;
            const line = /^(http:\S+)\n/m.exec(text);
            if (line) resolve({ url: line[1], stop, child });
        });
    });
}

// -- pictures --------------------------------------------------------------------------------------

function chunk(type, data) {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const out = Buffer.alloc(12 + data.length);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    let crc = ~0;
    for (const byte of body) {
        crc ^= byte;
        for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    out.writeUInt32BE(~crc >>> 0, 8 + data.length);
    return out;
}

/** A PNG of stripes, discs and a shade: something to respond to, another for each seed. */
function photograph(width, height, seed) {
    const rows = Buffer.alloc(height * (1 + 3 * width));
    const disc = [width * (0.3 + 0.1 * (seed % 4)), height * (0.6 - 0.1 * (seed % 3)), height * 0.22];
    for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
            const stripe = Math.sin((x * (3 + seed) + y * (seed - 2)) / 9) > 0;
            const inside = Math.hypot(x - disc[0], y - disc[1]) < disc[2];
            const shade = Math.round((90 * y) / height);
            const at = y * (1 + 3 * width) + 1 + 3 * x;
            rows[at] = inside ? 220 : stripe ? 60 + shade : 150;
            rows[at + 1] = inside ? 60 + 30 * (seed % 4) : stripe ? 110 : 90 + shade;
            rows[at + 2] = inside ? 40 : stripe ? 140 - shade : 60;
        }
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(height, 4);
    head.set([8, 2, 0, 0, 0], 8);
    return Buffer.concat([
        Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
        chunk('IHDR', head),
        chunk('IDAT', zlib.deflateSync(rows)),
        chunk('IEND', Buffer.alloc(0)),
    ]);
}

function writePhotographs(folder, n) {
    fs.mkdirSync(folder, { recursive: true });
    return Array.from({ length: n }, (_, i) => {
        const file = path.join(folder, `picture ${i + 1}.png`);
        fs.writeFileSync(file, photograph(160, 120, i));
        return file;
    });
}

/** Drops a file on the page, as a reader does. */
async function drop(page, name, bytes, type = 'image/png') {
    await page.evaluate(
        ([name, text, type]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name, { type }));
            for (const kind of ['dragenter', 'dragover', 'drop'])
                document.body.dispatchEvent(
                    new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true })
                );
        },
        [name, bytes.toString('base64'), type]
    );
}

module.exports = { serve, photograph, writePhotographs, drop };
