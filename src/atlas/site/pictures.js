// pictures.js - cells of the sheets beside the page, and photographs with a receptive field drawn on them.
'use strict';

/**
 * Shows one cell of a sheet in an element, whatever size the element has. Half a pixel is left out all around, where the
 * neighbour would shine through.
 * @param {number} across cells of the sheet in x @param {number} down in y
 * @param {number} cell side in pixels of the file
 */
function showCell(node, url, across, down, column, row, cell) {
    const f = cell / (cell - 1);
    const place = (i, n) => (100 * (i + 0.5 / cell) * f) / (n * f - 1);
    const style = node.style;
    style.backgroundImage = `url("${url}")`;
    style.backgroundSize = `${100 * across * f}% ${100 * down * f}%`;
    style.backgroundPosition = `${place(column, across)}% ${place(row, down)}%`;
}

/** A unit's thumbnail: its best projection, or the patch it is of. */
function showThumb(node, layer, i, patch) {
    const grid = layer.data.grid;
    const file = Math.floor(i / grid.per),
        c = i % grid.per;
    const rows = Math.ceil(Math.min(grid.per, layer.n - file * grid.per) / grid.across);
    const kind = patch && grid.patches ? 'patches' : 'grid';
    showCell(
        node,
        `${layer.atlas.root}pictures/layer-${layer.k}/${kind}-${file}.${grid.ext}`,
        grid.across,
        rows,
        c % grid.across,
        Math.floor(c / grid.across),
        grid.cell
    );
    node.classList.toggle('pixelated', Boolean(grid.pixelated));
}

/** One of the cells of a unit's sheet.
 *  @returns whether the sheet has such a row */
function showSheetCell(node, layer, i, rowName, j) {
    const sheet = layer.data.sheet;
    const row = sheet.rows.indexOf(rowName);
    if (row < 0) return false;
    const file = Math.floor(i / sheet.per);
    const units = Math.min(sheet.per, layer.n - file * sheet.per);
    showCell(
        node,
        `${layer.atlas.root}pictures/layer-${layer.k}/units-${file}.${sheet.ext}`,
        9,
        units * sheet.rows.length,
        j,
        (i % sheet.per) * sheet.rows.length + row,
        sheet.cell
    );
    node.classList.toggle('pixelated', Boolean(sheet.pixelated));
    return true;
}

/** "unit 12", or "unit 12, tench" */
function unitText(layer, i) {
    const text = layer.nameOf(i);
    return `unit ${layer.channel(i)}${text === null ? '' : `, ${shorten(text, 60)}`}`;
}

/**
 * A link to a unit with its thumbnail, which comes when its layer's data has.
 * @param {string|Node} [below] what stands under it in place of its number
 */
function unitLink(owner, k, i, below) {
    const picture = el('span.picture');
    const caption = el('span.caption');
    const link = el('a.tile', { 'data-layer': k, 'data-unit': i }, picture, caption);
    owner.layer(k).then(
        layer => {
            link.href = layer.href(i);
            link.setAttribute(
                'aria-label',
                `${visible(layer.about.name)} ${unitText(layer, i)}${below ? `: ${below.textContent || below}` : ''}`
            );
            link.title = unitText(layer, i);
            if (layer.isDead(i)) picture.classList.add('dead');
            else showThumb(picture, layer, i, false);
            caption.append(el('span.unit-number', null, layer.channel(i)), below ? el('span.below', null, below) : '');
        },
        () => link.classList.add('lost')
    );
    return link;
}

/**
 * A photograph, and where on it the receptive field lies.
 * @param {Object} image of images-J.js @param {number} i its place
 * @param {string} text its file's name
 */
function photoWithField(owner, i, image, text) {
    const frame = fieldFrame(image.w, image.h);
    const picture = image.photo
        ? el('img', {
              src: owner.photo(i),
              width: image.w,
              height: image.h,
              decoding: 'async',
              alt: `Photograph ${shorten(text, 80)}`,
          })
        : el('p.gone', null, 'The photograph is not there any more.');
    const node = el('div.photo', { style: { 'aspect-ratio': `${image.w} / ${image.h}` } }, picture, frame.node);
    return { node, draw: frame.draw };
}
