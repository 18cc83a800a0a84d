"""Actions on the books of companies that are not switched on at the moment."""


def in_companies(action, companies):
    """Return the action, with these companies switched on before it opens.

    The web client asks for records of the companies that are switched on, whatever
    the context of an action says.

    Args:
        action: what a button returns.
        companies: in whose books it looks, with the env of the user; all of them ones
            that the user may enter.
    """
    if companies <= companies.env.companies:
        return action
    # Odoo completes an action that a button returns, but not one inside of it.
    modes = action.get("view_mode", "form").split(",")
    action.setdefault("views", [(False, mode) for mode in modes])
    return {
        "type": "ir.actions.client",
        "tag": "ekarte_in_companies",
        "params": {"action": action, "companies": companies.ids},
    }
