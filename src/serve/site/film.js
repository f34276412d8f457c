// film.js - the images as a filmstrip, and the ways in which others come in.
'use strict';

class Film {
    /**
     * @param {Object} o
     * @param {function(string)} o.onpick of an image's id
     * @param {function(FileList|File[])} o.onfiles chosen
     * @param {function()} o.onwebcam
     */
    constructor(o) {
        this.o = o;
        this.list = el('ol.film-list');
        this.webcam = el(
            'button.film-add',
            {
                type: 'button',
                'aria-pressed': 'false',
                'aria-label': 'Webcam',
                title: 'Webcam',
                onclick: () => o.onwebcam(),
            },
            webcamMark()
        );
        this.node = el(
            'div.film',
            { role: 'group', 'aria-label': 'Images' },
            this.list,
            el(
                'div.film-more',
                null,
                el(
                    'button.film-add',
                    {
                        type: 'button',
                        'aria-label': 'Add images',
                        title: 'Add images',
                        onclick: () => chooseFiles(o.onfiles),
                    },
                    plusMark()
                ),
                navigator.mediaDevices ? this.webcam : null
            )
        );
        this.items = new Map();
    }

    show(images, chosen) {
        const old = this.items;
        this.items = new Map(images.map(image => [image.id, old.get(image.id) || this.item(image)]));
        const nodes = [...this.items.values()].map(item => item.node);
        if (nodes.length !== this.list.childElementCount || nodes.some((n, i) => n !== this.list.children[i]))
            this.list.replaceChildren(...nodes);
        this.mark(chosen);
    }

    mark(chosen) {
        if (chosen === this.chosen && this.items.size === this.count) return;
        this.chosen = chosen;
        this.count = this.items.size;
        for (const [id, { button }] of this.items) {
            button.setAttribute('aria-pressed', String(id === chosen));
        }
        requestAnimationFrame(() => this.reveal());
    }

    reveal() {
        const item = this.items.get(this.chosen);
        if (!item) return;
        const { offsetLeft, offsetWidth } = item.node;
        const { scrollLeft, clientWidth } = this.list;
        if (offsetLeft < scrollLeft || offsetLeft + offsetWidth > scrollLeft + clientWidth)
            this.list.scrollLeft = offsetLeft + offsetWidth / 2 - clientWidth / 2;
    }

    item(image) {
        const button = el(
            'button.film-image',
            {
                type: 'button',
                'aria-pressed': 'false',
                title: visible(image.name),
                'data-image': image.id,
                onclick: () => this.o.onpick(image.id),
            },
            el('img', {
                src: Images.src(image.id, 128),
                alt: shorten(image.name, 80),
                loading: 'lazy',
                draggable: 'false',
            })
        );
        return { button, node: el('li', null, button) };
    }

    filming(on) {
        this.webcam.setAttribute('aria-pressed', String(on));
        this.webcam.title = on ? 'Stop the webcam' : 'Webcam';
    }
}

function plusMark() {
    return svg(
        'svg.sign',
        { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' },
        svg('path', { d: 'M8 3v10M3 8h10' })
    );
}

function webcamMark() {
    return svg(
        'svg.sign',
        { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' },
        svg('circle', { cx: 8, cy: 7, r: 4.5 }),
        svg('circle', { cx: 8, cy: 7, r: 1.4 }),
        svg('path', { d: 'M4.5 14h7' })
    );
}

/** The browser's own dialog. */
function chooseFiles(then) {
    const input = el('input', { type: 'file', multiple: true, accept: 'image/*,.ppm,.pgm,.pnm' });
    input.addEventListener('change', () => then([...input.files]));
    input.click();
}

/** What is dropped anywhere on the page, or pasted. @param {function(File[], Element)} take and where it fell */
function receiveFiles(take) {
    let depth = 0;
    const over = on => document.body.classList.toggle('dropping', on);
    const hasFiles = event => event.dataTransfer && [...event.dataTransfer.types].includes('Files');
    addEventListener('dragenter', event => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        over(++depth > 0);
    });
    addEventListener('dragleave', event => {
        if (hasFiles(event)) over((depth = Math.max(0, depth - 1)) > 0);
    });
    addEventListener('dragover', event => {
        if (hasFiles(event)) event.preventDefault();
    });
    addEventListener('drop', event => {
        depth = 0;
        over(false);
        if (!hasFiles(event)) return;
        event.preventDefault();
        take([...event.dataTransfer.files], event.target);
    });
    addEventListener('paste', event => {
        const files = [...(event.clipboardData ? event.clipboardData.files : [])];
        if (!files.length) return;
        event.preventDefault();
        take(files, document.activeElement);
    });
}
