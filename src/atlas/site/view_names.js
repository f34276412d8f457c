// view_names.js - a class and the units that prefer it; an image and the units that it excites most.
'use strict';

function notFound(text) {
    return {
        node: el(
            'div',
            null,
            el('header.head', null, el('h1', { tabindex: -1 }, 'Not here')),
            el('p.notice', null, text)
        ),
        title: 'Not here',
        crumbs: [['Not here', null]],
    };
}

/** Units by layer. @param {Array<{k: number, units: number[], below: Array<string>}>} rows */
function unitsByLayer(owner, rows) {
    return rows.map(({ k, units, below, more }) =>
        el(
            'section.by-layer',
            null,
            el(
                'h3',
                null,
                el(
                    'a',
                    { href: owner.layerHref(k) },
                    el('span.layer-id', null, shorten(owner.front.layers[k].id, 12)),
                    name(owner.front.layers[k].name)
                ),
                el('span.aside', null, counted(units.length, 'unit'))
            ),
            el(
                'div.strip',
                null,
                units.map((i, at) => unitLink(owner, k, i, below[at]))
            ),
            more ? el('p.aside', null, `and ${count(more)} more`) : null
        )
    );
}

async function viewClass(owner, [word]) {
    const c = Number(word);
    const names = await owner.classNames();
    if (!Number.isInteger(c) || names[c] === undefined)
        return notFound(`There is no class number ${visible(word)} in this atlas.`);
    const [details, images] = await Promise.all([owner.classDetails(c), owner.imageNames()]);
    const shown = details.shown || [];
    const there = await Promise.all(shown.map(i => owner.image(i)));
    const photos = shown.filter((_, at) => there[at].photo);
    const units = details.units.reduce((n, [, list]) => n + list.length, 0);
    const scored = details.units.some(([, , scores]) => scores.some(score => score > 0));
    const rows = details.units.map(([k, list, scores]) => ({
        k,
        units: list,
        below: scored ? scores.map(number) : [],
    }));
    const node = el(
        'div.class',
        null,
        el(
            'header.head',
            null,
            el('p.eyebrow', null, `Class ${c}`),
            el('h1', { tabindex: -1 }, name(names[c], 'span')),
            el(
                'p.lead',
                null,
                `${counted(details.images, 'photograph')} of the run. ` +
                    (units
                        ? `${counted(units, 'unit')} in ${counted(rows.length, 'layer')} respond to it more than to any other class` +
                          `${scored ? '; under each, how selective it is for it' : ''}.`
                        : 'No unit prefers it to all others.')
            )
        ),
        photos.length
            ? el(
                  'section',
                  null,
                  el('h2', null, 'Photographs'),
                  el(
                      'div.strip.photos',
                      null,
                      photos.map(i =>
                          el(
                              'a.tile',
                              {
                                  href: owner.href('image', i),
                                  'aria-label': `Photograph ${shorten(base(images[i] ?? ''), 80)}`,
                              },
                              el('img', { src: owner.photo(i), alt: '', loading: 'lazy', decoding: 'async' })
                          )
                      )
                  )
              )
            : null,
        rows.length ? el('section', null, el('h2', null, 'Units that prefer it'), unitsByLayer(owner, rows)) : null
    );
    return {
        node,
        title: `${shorten(names[c], 60)} - ${visible(owner.front.title)}`,
        crumbs: [[names[c], null]],
        siblings: {
            before: c > 0 ? owner.href('class', c - 1) : null,
            after: c + 1 < names.length ? owner.href('class', c + 1) : null,
            what: 'class',
        },
    };
}

async function viewImage(owner, [word]) {
    const i = Number(word);
    const names = await owner.imageNames();
    if (!Number.isInteger(i) || names[i] === undefined)
        return notFound(`There is no image number ${visible(word)} in this atlas.`);
    const [image, classes] = await Promise.all([owner.image(i), owner.classNames()]);
    const { node: photo, draw } = photoWithField(owner, i, image, base(names[i]));
    const byLayer = new Map();
    for (const [k, unit, place] of image.hits) byLayer.set(k, [...(byLayer.get(k) || []), [unit, place]]);
    const rows = [...byLayer]
        .sort(([a], [b]) => a - b)
        .map(([k, list]) => {
            list.sort((a, b) => a[1] - b[1] || a[0] - b[0]);
            return { k, units: list.map(([unit]) => unit), below: list.map(([, place]) => ordinal(place + 1)) };
        });
    const caption = el('p.aside', { role: 'status' }, rows.length ? 'Point at a unit to see where it looks.' : '');

    /** Where the unit under the pointer, or the focus, has its hit. */
    async function look(event) {
        const tile = event.target.closest('.tile');
        if (!tile) return;
        const k = Number(tile.dataset.layer),
            unit = Number(tile.dataset.unit);
        const details = await owner.unit(k, unit);
        const at = details.hits.image.indexOf(i);
        draw(at < 0 ? null : details.hits.box[at]);
        caption.textContent =
            at < 0
                ? ''
                : `${visible(owner.front.layers[k].name)}, unit ${tile.querySelector('.unit-number').textContent}: ` +
                  `response ${number(details.hits.value[at])}, its ${ordinal(at + 1)} strongest`;
    }
    const node = el(
        'div.image',
        null,
        el(
            'header.head',
            null,
            el('p.eyebrow', null, 'Image'),
            el('h1.path', { tabindex: -1 }, name(base(names[i]), 'span')),
            el(
                'p.lead',
                null,
                `${image.w}\u2009\u00d7\u2009${image.h} pixels`,
                image.class === null || image.class === undefined
                    ? null
                    : [
                          ' \u00b7 class ',
                          el('a', { href: owner.href('class', image.class) }, name(classes[image.class] ?? '')),
                      ]
            )
        ),
        el(
            'div.image-body',
            null,
            el('div.held', null, photo, caption, el('p.aside.path', null, name(names[i]))),
            el(
                'section',
                { onpointerover: look, onfocusin: look },
                el('h2', null, `Among the nine strongest of ${counted(image.hits.length + (image.more || 0), 'unit')}`),
                unitsByLayer(owner, rows),
                image.more ? el('p.aside', null, `and ${counted(image.more, 'unit')} more`) : null
            )
        )
    );
    return {
        node,
        title: `${shorten(base(names[i]), 60)} - ${visible(owner.front.title)}`,
        crumbs: [[base(names[i]), null]],
        siblings: {
            before: i > 0 ? owner.href('image', i - 1) : null,
            after: i + 1 < names.length ? owner.href('image', i + 1) : null,
            what: 'image',
        },
    };
}
