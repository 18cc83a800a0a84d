import { registry } from "@web/core/registry";
import { user } from "@web/core/user";

/**
 * Open an action on the books of companies that may not be switched on.
 *
 * The client asks for records of the companies that are, whatever an action's context
 * says: so they are switched on first, as if by hand in the company menu.
 */
async function inCompanies(_env, action) {
    const active = user.activeCompanies.map((company) => company.id);
    const missing = action.params.companies.filter((id) => !active.includes(id));
    if (missing.length) {
        await user.activateCompanies([...active, ...missing], {
            includeChildCompanies: false,
            reload: false,
        });
    }
    return action.params.action;
}

registry.category("actions").add("ekarte_in_companies", inCompanies);
