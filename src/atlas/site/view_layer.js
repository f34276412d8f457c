// view_layer.js - all units of a layer.
'use strict';

const remembered = new Map(); // address of a layer without its query -> the query it was left with

async function viewLayer(owner, [id], query) {
    const k = owner.place(id);
    if (k < 0) return notFound(`There is no layer ${visible(id)} in this atlas.`);
    const layer = await owner.layer(k);
    const { about } = layer;
    const sift = new Sift(query, layer.keys);
    const names = layer.keys.some(key => owner.columns.get(key).kind === 'class') ? await owner.classNames() : [];
    const found = el('p.found', { role: 'status' });
    const panel = el('div.panel', { id: 'filters', hidden: true });
    let shown = null; // the column that is told under each unit
    let turn = 0;

    const grid = new Grid({
        label: `Units of ${visible(about.name)}`,
        measure: size => ({ width: size, height: size + (size >= 64 ? 24 : 0) }),
        make: () =>
            el(
                'div',
                null,
                el(
                    'a.tile',
                    null,
                    el('span.picture'),
                    el('span.caption', null, el('span.unit-number'), el('span.below'))
                )
            ),
        fill: (cell, i) => fillCell(cell.firstElementChild, i),
    });
    grid.size = sift.size;

    function fillCell(link, i) {
        const [picture, caption] = link.children;
        const value = shown ? shown.text(i) : '';
        const dead = layer.isDead(i);
        link.href = layer.href(i);
        picture.classList.toggle('dead', dead);
        if (dead) picture.style.backgroundImage = '';
        else showThumb(picture, layer, i, sift.patch);
        caption.hidden = sift.size < 64;
        caption.children[0].textContent = layer.channel(i);
        caption.children[1].textContent = dead ? 'dead' : value || shorten(layer.nameOf(i) || '', 40);
        link.setAttribute(
            'aria-label',
            `Unit ${layer.channel(i)}${layer.nameOf(i) === null ? '' : `, ${shorten(layer.nameOf(i), 60)}`}` +
                `${dead ? ', dead' : value ? `, ${shown.title} ${value}` : ''}`
        );
        link.title = unitText(layer, i);
    }

    async function apply() {
        const now = ++turn;
        Router.replaceQuery(sift.query());
        const items = await sift.apply(layer);
        const column = sift.sort ? await layer.column(sift.sort) : null;
        if (now !== turn) return;
        const kind = column && owner.columns.get(sift.sort).kind;
        shown = column && {
            title: owner.columns.get(sift.sort).title,
            text: i =>
                kind === 'class'
                    ? column[i] === 65535
                        ? '\u2013'
                        : shorten(names[column[i]] ?? '', 40)
                    : measured(column[i], kind),
        };
        layer.order = items;
        found.textContent =
            items.length === layer.n
                ? counted(layer.n, 'unit')
                : `${count(items.length)} of ${counted(layer.n, 'unit')}`;
        filterButton.textContent = sift.filters ? `Filters (${sift.filters})` : 'Filters';
        reset.hidden = !sift.filters;
        empty.hidden = items.length > 0;
        grid.show(items);
        if (now > 1) grid.rewind();
    }

    async function togglePanel() {
        if (panel.hidden) panel.replaceChildren(await filterPanel(layer, sift, apply));
        panel.hidden = !panel.hidden;
        filterButton.setAttribute('aria-expanded', String(!panel.hidden));
    }

    const filterButton = el(
        'button.quiet',
        { type: 'button', 'aria-expanded': 'false', 'aria-controls': 'filters', onclick: togglePanel },
        'Filters'
    );
    const reset = el(
        'button.quiet',
        {
            type: 'button',
            hidden: true,
            onclick: async () => {
                sift.clear();
                alive.value = '';
                if (!panel.hidden) panel.replaceChildren(await filterPanel(layer, sift, apply));
                apply();
            },
        },
        'Show all'
    );
    const alive = selection(
        'Dead or alive',
        [
            ['', 'All units'],
            ['alive', 'Only live ones'],
            ['dead', 'Only dead ones'],
        ],
        sift.alive,
        v => {
            sift.alive = v;
            apply();
        }
    );
    const direction = el('button.quiet.direction', {
        type: 'button',
        onclick: () => {
            sift.down = !sift.down;
            tellDirection();
            apply();
        },
    });
    const tellDirection = () => {
        direction.textContent = sift.down ? '\u2193' : '\u2191';
        direction.setAttribute(
            'aria-label',
            sift.sort ? (sift.down ? 'Greatest first' : 'Smallest first') : sift.down ? 'In order' : 'In reverse order'
        );
        direction.title = direction.getAttribute('aria-label');
    };
    tellDirection();
    const slider = el('input', {
        type: 'range',
        min: Sift.SMALLEST,
        max: Sift.LARGEST,
        step: 4,
        value: sift.size,
        'aria-label': 'Size of the pictures',
        oninput: () => {
            sift.size = Number(slider.value);
            Router.replaceQuery(sift.query());
            grid.resize(sift.size);
        },
    });
    const empty = el('p.notice', { hidden: true }, 'No unit passes these filters.');
    const toolbar = el(
        'div.toolbar',
        { role: 'toolbar', 'aria-label': 'The grid' },
        el(
            'label',
            null,
            el('span', null, 'Sort'),
            selection(
                'Sort by',
                [['', 'Number'], ...layer.keys.map(key => [key, owner.columns.get(key).title])],
                sift.sort,
                v => {
                    sift.sort = v;
                    tellDirection();
                    apply();
                }
            )
        ),
        direction,
        alive,
        filterButton,
        reset,
        layer.data.grid.patches
            ? segmented(
                  'Pictures',
                  [
                      ['projection', 'Projections'],
                      ['patch', 'Patches'],
                  ],
                  sift.patch ? 'patch' : 'projection',
                  v => {
                      sift.patch = v === 'patch';
                      Router.replaceQuery(sift.query());
                      grid.refresh();
                  }
              ).node
            : null,
        el('label.size', null, el('span', null, 'Size'), slider),
        found
    );

    const node = el(
        'div.layer',
        null,
        el(
            'header.head.layer-head',
            null,
            el(
                'div',
                null,
                el('p.eyebrow', null, `Layer ${shorten(about.id, 24)}`),
                el('h1', { tabindex: -1 }, name(about.name, 'span')),
                el(
                    'p.lead',
                    null,
                    [
                        about.op + (about.detail ? ` ${visible(about.detail)}` : ''),
                        shape(about.shape),
                        about.field ? `receptive field ${about.field[0]}\u2009\u00d7\u2009${about.field[1]}` : null,
                        about.dead ? `${count(about.dead)} dead` : null,
                    ]
                        .filter(Boolean)
                        .join(' \u00b7 ')
                )
            ),
            fieldDrawing(owner.front.input, about.field, 72)
        ),
        toolbar,
        panel,
        empty,
        grid.node
    );
    return {
        node,
        title: `${visible(about.name)} - ${visible(owner.front.title)}`,
        here: { k },
        wide: true,
        crumbs: [[`${about.name}`, null]],
        siblings: neighbours(owner, k),
        start: async () => {
            grid.start();
            await apply();
        },
        stop: () => {
            remembered.set(owner.layerHref(k), sift.query());
            grid.stop();
        },
    };
}

function neighbours(owner, k) {
    const link = at => (owner.front.layers[at] ? owner.layerHref(at) : null);
    return { before: link(k - 1), after: link(k + 1), what: 'layer' };
}
