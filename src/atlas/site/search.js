// search.js - one box for layers, units, classes and images.
'use strict';

const Search = (() => {
    const MOST = 6; // of each sort
    let owner,
        input,
        list,
        results = [],
        chosen = -1,
        asked = 0;

    /** What each kind finds for the words: [{kind, text, note, href, thumb}]. */
    async function find(words) {
        const lower = words.toLowerCase();
        return [...findUnits(words), ...findLayers(lower), ...(await findNames(lower))];
    }

    function findLayers(lower) {
        return owner.front.layers
            .map((layer, k) => ({ layer, k }))
            .filter(({ layer }) =>
                [layer.id, layer.name, layer.tensor, layer.op].some(text => text.toLowerCase().includes(lower))
            )
            .sort((a, b) => (b.layer.id.toLowerCase() === lower) - (a.layer.id.toLowerCase() === lower))
            .slice(0, MOST)
            .map(({ layer, k }) => ({
                kind: 'Layer',
                text: layer.name,
                note: `layer ${shorten(layer.id, 24)}, ${counted(layer.units, 'unit')}`,
                href: owner.layerHref(k),
            }));
    }

    /** "5 12", "conv3/12", "conv3 unit 12"; and only "12" where a layer is shown. */
    function findUnits(words) {
        const match = /^(?:(.*?)[\s\/:#,]+)?(?:unit|channel|c)?\s*(\d{1,7})$/i.exec(words);
        if (!match) return [];
        const here = Router.here();
        const named = (match[1] || '').trim().toLowerCase();
        const channel = Number(match[2]);
        const places = named
            ? owner.front.layers.flatMap((layer, k) =>
                  layer.id.toLowerCase() === named || layer.name.toLowerCase().includes(named) ? [k] : []
              )
            : here && here.k !== undefined
              ? [here.k]
              : [];
        return places
            .filter(k => channel < owner.front.layers[k].shape[1])
            .slice(0, MOST)
            .map(k => ({
                kind: 'Unit',
                text: `${visible(owner.front.layers[k].name)}, unit ${channel}`,
                note: `layer ${shorten(owner.front.layers[k].id, 24)}`,
                href: owner.unitHref(k, channel),
            }));
    }

    async function findNames(lower) {
        const [classes, images] = await Promise.all([owner.classNames(), lower.length > 1 ? owner.imageNames() : []]);
        const pick = (names, kind, href, note) => {
            const found = [];
            for (let i = 0; i < names.length && found.length < MOST; i++)
                if (names[i].toLowerCase().includes(lower))
                    found.push({
                        kind,
                        text: kind === 'Image' ? base(names[i]) : names[i],
                        note: note(i),
                        href: href(i),
                    });
            return found;
        };
        return [
            ...pick(
                classes,
                'Class',
                i => owner.href('class', i),
                () => ''
            ),
            ...pick(
                images,
                'Image',
                i => owner.href('image', i),
                () => ''
            ),
        ];
    }

    async function changed() {
        const turn = ++asked;
        const words = input.value.trim();
        let found = [];
        try {
            found = words ? await find(words) : [];
        } catch (error) {
            announce(error.message);
        }
        if (turn !== asked) return; // overtaken
        results = found;
        choose(-1);
        list.replaceChildren(
            ...results.map((result, i) =>
                el(
                    'li',
                    {
                        id: `result-${i}`,
                        role: 'option',
                        'aria-selected': 'false',
                        onmousedown: event => event.preventDefault(),
                        onclick: () => go(i),
                    },
                    el('span.kind', null, result.kind),
                    name(result.text),
                    el('span.note', null, result.note)
                )
            )
        );
        if (words && !results.length)
            list.append(
                el(
                    'li.nothing',
                    { role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false' },
                    'Nothing has this name.'
                )
            );
        open(Boolean(words));
        announce(words ? counted(results.length, 'result') : '');
    }

    function open(shown) {
        list.hidden = !shown;
        input.setAttribute('aria-expanded', String(shown));
    }

    function choose(i) {
        chosen = i;
        [...list.children].forEach((item, at) => item.setAttribute('aria-selected', String(at === i)));
        if (i >= 0) {
            input.setAttribute('aria-activedescendant', `result-${i}`);
            list.children[i].scrollIntoView({ block: 'nearest' });
        } else {
            input.removeAttribute('aria-activedescendant');
        }
    }

    function go(i) {
        const result = results[i];
        if (!result) return;
        input.value = '';
        input.blur();
        open(false);
        location.hash = result.href;
    }

    function key(event) {
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            if (results.length)
                choose(
                    (chosen + (event.key === 'ArrowDown' ? 1 : chosen < 0 ? 0 : -1) + results.length) % results.length
                );
        } else if (event.key === 'Enter') {
            event.preventDefault();
            go(Math.max(0, chosen));
        } else if (event.key === 'Escape') {
            input.value = '';
            open(false);
            input.blur();
        }
        event.stopPropagation();
    }

    function start(of, node) {
        owner = of;
        input = el('input', {
            type: 'text',
            id: 'search-input',
            role: 'combobox',
            autocomplete: 'off',
            spellcheck: 'false',
            placeholder: 'Search',
            'aria-label': 'Search for a layer, unit, class or image',
            'aria-expanded': 'false',
            'aria-controls': 'search-results',
            'aria-autocomplete': 'list',
            oninput: changed,
            onkeydown: key,
            onfocus: () => {
                if (input.value) changed();
            },
            onblur: () => open(false),
        });
        list = el('ul', { id: 'search-results', role: 'listbox', 'aria-label': 'Results', hidden: true });
        node.replaceChildren(input, el('kbd', { 'aria-hidden': 'true' }, '/'), list);
    }

    return {
        start,
        focus: () => {
            input.focus();
            input.select();
        },
    };
})();
