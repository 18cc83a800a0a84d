{
    "name": "E-karte: Debian build shim",
    "summary": "Leaves out a library that Debian's Odoo package does not ship",
    "version": "19.0.1.0.0",
    "author": "E-karte contributors",
    "license": "LGPL-3",
    "category": "Hidden",
    "depends": ["mail"],
    # Debian strips this minified file, and the bundler reports its absence as a
    # console error, at which every browser test fails. Never shipped to merchants.
    "assets": {
        "web.assets_backend": [
            (
                "remove",
                "mail/static/lib/selfie_segmentation/selfie_segmentation.js",
            ),
        ],
    },
}
