{
    "name": "E-karte: terminals",
    "summary": "Registry of external card terminals and of their keys",
    "version": "19.0.1.0.0",
    "category": "Sales/Loyalty",
    "author": "E-karte",
    "license": "LGPL-3",
    "development_status": "Beta",
    "depends": ["ekarte_loyalty", "point_of_sale"],
    "external_dependencies": {"python": ["ekarte"]},
    "data": [
        "security/ir.model.access.csv",
        "security/ekarte_terminal_rules.xml",
        "wizards/ekarte_terminal_key_views.xml",
        "views/ekarte_terminal_views.xml",
        "views/ekarte_branch_views.xml",
        "views/product_views.xml",
        "views/res_config_settings_views.xml",
        "views/ekarte_pos_terminal_menus.xml",
    ],
    "assets": {
        "web.assets_tests": ["ekarte_pos_terminal/static/tests/tours/**/*"],
    },
}
