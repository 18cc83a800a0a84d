import { holdsOf } from "../pay/holds";

/** What the customer may see of the card: plain data, for a page that knows no models. */
export function displayData(order) {
    const quote = order.uiState.ekarte?.quote;
    if (!quote?.card) {
        return null;
    }
    const { card } = quote;
    return {
        holder: card.holder || "",
        masked: card.masked,
        discount: quote.discount || 0,
        reduction: quote.reduction || 0,
        paid: Object.values(holdsOf(order)).reduce((sum, hold) => sum + hold.card_payment, 0),
        earned: (quote.earned || []).map(({ name, text }) => ({ name, text })),
        balances: (card.balances || []).map(({ name, text }) => ({ name, text })),
        next: quote.next || [],
    };
}
