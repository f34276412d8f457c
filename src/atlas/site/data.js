// data.js - the data files beside the page: scripts that are loaded when they are needed, and call atlas() once.
'use strict';

const values = new WeakMap(); // script element -> what it called atlas() with

/** What each data file calls, with its only value. */
function atlas(value) {
    values.set(document.currentScript, value);
}

/** One folder of data: ours, or the one that it is compared with. */
class Atlas {
    /** @param {string} root "" or "against/", before all paths */
    constructor(root) {
        this.root = root;
        this.kept = new Map(); // path -> promise, the one used last at the end
    }

    /** Reads data/NAME.js. The promise fails with an Error that names the file. */
    read(name) {
        const path = `${this.root}data/${name}.js`;
        let promise = this.kept.get(path);
        if (promise) {
            this.kept.delete(path);
        } else {
            promise = new Promise((resolve, reject) => {
                const script = document.createElement('script');
                script.src = path;
                script.onload = () => {
                    script.remove();
                    if (values.has(script)) resolve(values.get(script));
                    else reject(new Error(`${path} is damaged`));
                };
                script.onerror = () => {
                    script.remove();
                    reject(new Error(`${path} is missing`));
                };
                document.head.append(script);
            });
            promise.catch(() => this.kept.delete(path));
        }
        this.kept.set(path, promise);
        for (const [old] of this.kept) {
            if (this.kept.size <= Atlas.KEPT) break;
            this.kept.delete(old);
        }
        return promise;
    }

    async open() {
        this.front = await this.read('front');
        if (this.front.format !== 'deconvviz atlas' || this.front.version !== 1)
            throw new Error(`${this.root}data/front.js is of another version than this page`);
        this.columns = new Map(this.front.columns.map(c => [c.key, c]));
        this.layers = this.front.layers.map(() => null);
        return this;
    }

    /** Place of the layer that is called `id`, or -1. */
    place(id) {
        return this.front.layers.findIndex(layer => layer.id === id);
    }

    /** @returns {Promise<Layer>} */
    layer(k) {
        if (!this.layers[k]) {
            this.layers[k] = this.read(`layer-${k}`).then(data => new Layer(this, k, data));
            this.layers[k].catch(() => {
                this.layers[k] = null;
            });
        }
        return this.layers[k];
    }

    /** Details of the i-th unit of layer k. */
    async unit(k, i) {
        return (await this.read(`layer-${k}-units-${Math.floor(i / Atlas.UNITS)}`))[i % Atlas.UNITS];
    }

    async classNames() {
        return this.front.n_classes ? (await this.read('classes')).names : [];
    }

    async classDetails(c) {
        return (await this.read(`classes-${Math.floor(c / Atlas.CLASSES)}`))[c % Atlas.CLASSES];
    }

    async imageNames() {
        return this.front.n_images ? (await this.read('images')).names : [];
    }

    async image(i) {
        return (await this.read(`images-${Math.floor(i / Atlas.IMAGES)}`))[i % Atlas.IMAGES];
    }

    photo(i) {
        return `${this.root}photos/${Math.floor(i / 1000)}/${i}.jpg`;
    }

    // Links. Those of the other folder have a word of its own in front.
    href(...words) {
        return `#/${this.root}${words.map(encodeURIComponent).join('/')}`;
    }

    layerHref(k) {
        return this.href('layer', this.front.layers[k].id);
    }

    /** @param {number} channel not its place */
    unitHref(k, channel) {
        return this.href('unit', this.front.layers[k].id, channel);
    }
}
Atlas.UNITS = 32;
Atlas.CLASSES = 64;
Atlas.IMAGES = 256;
Atlas.KEPT = 200; // files in memory

/** What the grid of a layer needs. Units go by their place, 0 to n - 1; channels are what they are called. */
class Layer {
    constructor(owner, k, data) {
        this.atlas = owner;
        this.k = k;
        this.about = owner.front.layers[k];
        this.n = this.about.units;
        this.data = data;
        this.dead = bytes(data.dead);
        this.decoded = new Map();
        this.keys = owner.front.columns.map(c => c.key).filter(key => data.columns[key]);
        this.order = null; // places in the order in which the grid last showed them, to go from one to the next
    }

    channel(i) {
        return this.data.channels ? this.data.channels[i] : i;
    }

    /** The place of a channel, or -1. */
    placeOf(channel) {
        return this.data.channels ? this.data.channels.indexOf(channel) : channel < this.n ? channel : -1;
    }

    isDead(i) {
        return ((this.dead[i >> 3] >> (i & 7)) & 1) === 1;
    }

    /** Where the unit is a class, its name; else null. */
    nameOf(i) {
        return this.data.names ? this.data.names[i] : null;
    }

    href(i) {
        return this.atlas.unitHref(this.k, this.channel(i));
    }

    /** Values of all units, NaN where there is none; of the kind "class" their places, 65535 where there is none.
     *  @returns {Promise<Float32Array|Uint16Array>} */
    column(key) {
        if (!this.decoded.has(key)) {
            const column = this.data.columns[key];
            const text =
                column.data === undefined ? this.atlas.read(`layer-${this.k}-${key}`) : Promise.resolve(column.data);
            const isClass = this.atlas.columns.get(key).kind === 'class';
            this.decoded.set(
                key,
                text.then(t => decodeColumn(column, t, this.n, isClass))
            );
        }
        return this.decoded.get(key);
    }
}

function bytes(base64) {
    const binary = atob(base64);
    const result = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) result[i] = binary.charCodeAt(i);
    return result;
}

/** Little-endian uint16 -> values; see Layer.column. */
function decodeColumn(column, base64, n, isClass) {
    const view = new DataView(bytes(base64).buffer);
    const result = isClass ? new Uint16Array(n) : new Float32Array(n);
    for (let i = 0; i < n; i++) {
        const q = view.getUint16(2 * i, true);
        result[i] = isClass ? q : q === 65535 ? NaN : column.lo + ((column.hi - column.lo) * q) / 65534;
    }
    return result;
}
