// keep.js - what is taken away: the command line, files, and views that were kept, as one page that opens anywhere.
'use strict';

const Keep = (() => {
    const kept = []; // {address, title, …}, the newest last
    let onchange = () => {};

    /** As it is saved: with the patch beside it, and enlarged as it is seen. */
    function saved(side, rule) {
        const { v } = side;
        return { ...side.asked(rule), view: v.v === 'full' ? 'full' : 'pair', zoom: v.z === 'fit' ? undefined : v.z };
    }

    function ready(side) {
        const there = side.v && side.v.image && side.v.u !== '';
        if (!there) Messages.tell('There is nothing to keep yet: choose an image and a unit.');
        return there;
    }

    async function commands(side) {
        const rules = ProjectionView.rules(side.v);
        const answers = await Promise.all(rules.map(rule => Server.json('command', saved(side, rule))));
        return answers.map(answer => answer.command);
    }

    async function copyCommand(side) {
        if (!ready(side)) return;
        try {
            const text = (await commands(side)).join('\n');
            Messages.tell(
                (await copy(text)) ? `Copied: ${text}` : 'The browser does not let it be copied: see Save.',
                'said'
            );
        } catch (error) {
            side.complain(error);
        }
    }

    function fileName(side, rule) {
        const { image, l, u, p } = side.v;
        const stem = base(image.name).replace(/\.[^.]*$/, '');
        const place = p === 'max' ? '' : `-${p.replace(',', '_')}`;
        return `${stem}-${l.replaceAll(/[^\w.-]+/g, '_')}-c${u}${place}${rule === 'deconvnet' ? '' : `-${rule}`}`;
    }

    async function save(side) {
        if (!ready(side)) return;
        const rules = ProjectionView.rules(side.v);
        let lines;
        try {
            lines = await commands(side);
        } catch (error) {
            side.complain(error);
            return;
        }
        const link = (rule, format) =>
            el(
                'a.button',
                {
                    href: Server.url('project', { ...saved(side, rule), format }),
                    download: `${fileName(side, rule)}.${format}`,
                    'aria-label': `${format.toUpperCase()}, ${rule}`,
                },
                format.toUpperCase()
            );
        showDialog(
            'save',
            'Save',
            rules.map((rule, k) => [
                el('h3', null, `Projection by ${rule}`),
                el(
                    'div.toolbar',
                    null,
                    ['png', 'npy', 'svg', 'pdf'].map(format => link(rule, format))
                ),
                commandLine(lines[k], `The command that writes the PNG by ${rule}`),
            ]),
            side.v.e === ''
                ? null
                : [
                      el('h3', null, 'The image as it is now'),
                      el('p.aside', null, 'The command reads it: save it beside the image.'),
                      el(
                          'div.toolbar',
                          null,
                          el(
                              'a.button',
                              {
                                  href: Server.url('input', side.trace()),
                                  download: `${base(side.v.image.name)}-input.png`,
                              },
                              'PNG of the input'
                          )
                      ),
                  ],
            el('h3', null, 'Session'),
            el(
                'p.aside',
                null,
                kept.length
                    ? `${counted(kept.length, 'view')} kept, as one page that opens anywhere.`
                    : 'Nothing is kept yet: the page will hold what is seen now. “Keep” adds views to it.'
            ),
            el('div.toolbar', null, el('button', { type: 'button', onclick: () => savePage(side) }, 'Save as a page'))
        );
    }

    // -- views that are kept -----------------------------------------------------------------------

    function dataURL(blob) {
        return new Promise((resolve, reject) => {
            const reader = new FileReader();
            reader.onload = () => resolve(reader.result);
            reader.onerror = () => reject(reader.error);
            reader.readAsDataURL(blob);
        });
    }

    /** The photograph with what was done to it and the field on it, as it is on the screen. */
    function photograph(side) {
        const { stage } = side;
        const { naturalWidth: w, naturalHeight: h } = stage.picture;
        const scale = Math.min(1, 640 / Math.max(w, h));
        const canvas = el('canvas', { width: Math.round(w * scale), height: Math.round(h * scale) });
        const context = canvas.getContext('2d');
        context.drawImage(stage.picture, 0, 0, canvas.width, canvas.height);
        const f = canvas.width / stage.image.width; // pixels of the canvas in one of the photograph
        if (!stage.given.hidden) {
            const [x0, y0, x1, y1] = stage.cut().map(v => v * f);
            context.imageSmoothingEnabled = false;
            context.drawImage(stage.given, x0, y0, x1 - x0, y1 - y0);
        }
        const field = side.fieldOf(side.map.at());
        if (field && stage.map) {
            const [x0, y0, sx, sy] = stage.map;
            const at = [
                x0 + sx * field[1],
                y0 + sy * field[0],
                sx * (field[3] - field[1]),
                sy * (field[2] - field[0]),
            ].map(v => v * f);
            for (const [colour, width] of [
                ['#ffffff', 4],
                ['#e8590c', 2],
            ]) {
                context.strokeStyle = colour;
                context.lineWidth = width;
                context.strokeRect(...at);
            }
        }
        return canvas.toDataURL('image/jpeg', 0.88);
    }

    async function capture(side) {
        const { v, map, projection } = side;
        const rules = ProjectionView.rules(v);
        const pictures = await Promise.all(
            rules.map(async rule => {
                const answer = await Server.get('project', { ...saved(side, rule), format: 'png' });
                return [rule, await dataURL(await Server.body(answer, 'blob'))];
            })
        );
        return {
            address: location.hash,
            title: `Unit ${v.u} of ${visible(v.layer.name)}`,
            about: [
                ['Image', visible(v.image.name)],
                ['Model', visible(v.model.name)],
                [
                    'Position',
                    v.p === 'all'
                        ? 'the whole map'
                        : v.layer.maps && map.at()
                          ? `y ${map.at()[0]}, x ${map.at()[1]}`
                          : '',
                ],
                ['Value', v.layer.maps && map.at() ? number(map.value(map.at())) : ''],
                ['Changed', v.e === '' ? '' : v.e.replace(/(grey|blur):[0-9a-f]+/g, '$1: painted')],
                ...(side.predictions.top || [])
                    .slice(0, 3)
                    .map((one, k) => [
                        k ? '' : 'Prediction',
                        `${one.label ? visible(one.label) : `class ${one.class}`} ${one.p === null || one.p === undefined ? number(one.score) : share(one.p)}`,
                    ]),
            ].filter(([, text]) => text),
            photo: photograph(side),
            map: v.layer.maps && map.rows ? map.canvas.toDataURL('image/png') : null,
            pictures,
            commands: await commands(side),
            patch: projection.patch.canvas.toDataURL('image/png'),
        };
    }

    async function add(side) {
        if (!ready(side)) return;
        try {
            await side.busy;
            kept.push(await capture(side));
            onchange(kept.length);
            Messages.tell(
                `Kept: ${kept[kept.length - 1].title}. ${counted(kept.length, 'view')} so far; Save writes them as one page.`,
                'said'
            );
        } catch (error) {
            side.complain(error);
        }
    }

    // -- the page of them --------------------------------------------------------------------------

    const escape = text => String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);

    const STYLE = `body{margin:0 auto;max-width:1000px;padding:32px 20px;font:15px/1.5 system-ui,sans-serif;background:#f8f8f6;color:#171a1e}
h1{font-size:28px;margin:0 0 4px}h2{font-size:17px;margin:0}.aside{color:#565e68;font-size:13px;margin:0}
article{margin-top:28px;padding:20px;background:#fff;border:1px solid #e1e1dc;border-radius:12px}
.row{display:flex;flex-wrap:wrap;gap:14px;align-items:flex-start;margin-top:14px}figure{margin:0}
figcaption{color:#565e68;font-size:13px;margin-top:4px}img{display:block;max-width:100%;max-height:320px;border-radius:4px}
.pixels{image-rendering:pixelated}dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:14px 0 0;font-size:14px}
dt{color:#565e68}dd{margin:0;overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:12.5px/1.5 ui-monospace,monospace;background:#f8f8f6;padding:10px;border-radius:8px}
@media(prefers-color-scheme:dark){body{background:#101315;color:#e7e9eb}article{background:#181c1f;border-color:#2a3035}
.aside,dt,figcaption{color:#9ea7b0}pre{background:#101315}}`;

    function article(one) {
        const figure = (src, caption, pixels) =>
            src
                ? `<figure><img${pixels ? ' class="pixels"' : ''} src="${escape(src)}" alt="${escape(caption)}"><figcaption>${escape(caption)}</figcaption></figure>`
                : '';
        return `<article><h2>${escape(one.title)}</h2>
<div class="row">${figure(one.photo, 'photograph')}${figure(one.map, 'map', true)}${one.pictures
            .map(([rule, src]) => figure(src, `patch and projection by ${rule}`, true))
            .join('')}</div>
<dl>${one.about.map(([term, text]) => `<dt>${escape(term)}</dt><dd>${escape(text)}</dd>`).join('')}</dl>
${one.commands.map(text => `<pre>${escape(text)}</pre>`).join('\n')}</article>`;
    }

    /** @returns the text of a page without scripts, all pictures inside */
    function page(views, info) {
        const models = [
            ...new Set(views.flatMap(one => one.about.filter(([term]) => term === 'Model').map(([, text]) => text))),
        ];
        return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escape(models.join(', '))} - what units see</title><style>${STYLE}</style></head>
<body><h1>What units of ${escape(models.join(' and '))} see</h1>
<p class="aside">Middle grey is nothing; what differs from it drives the unit. Made by deconvviz ${escape(info.program)}, ${counted(views.length, 'view')}.</p>
${views.map(article).join('\n')}
</body></html>
`;
    }

    async function savePage(side) {
        try {
            const views = kept.length ? kept : [await capture(side)];
            const url = URL.createObjectURL(new Blob([page(views, side.info)], { type: 'text/html' }));
            const link = el('a', { href: url, download: 'session.html' });
            link.click();
            setTimeout(() => URL.revokeObjectURL(url), 10000);
        } catch (error) {
            side.complain(error);
        }
    }

    return { copyCommand, save, add, savePage, listen: f => (onchange = f), count: () => kept.length };
})();
