"""Tax contained in a gross sum: the one place where it is rounded."""

RATE_ONE_BP = 10_000


def tax_in(gross: int, tax_rate_bp: int) -> int:
    """Tax in a gross sum, minor units, half up to the cent, sign kept."""
    whole = RATE_ONE_BP + tax_rate_bp
    part = (2 * abs(gross) * tax_rate_bp + whole) // (2 * whole)
    return part if gross >= 0 else -part
