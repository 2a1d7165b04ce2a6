"""What a step is worth at the border, towards the renewable duty and with buyers: before against after, by the cores.

Owns the three comparisons. Each asks the compliance core twice and takes the exact difference before whole certificates
are rounded up. Knows no feed and no contract beyond the values it is given.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction

from finance.compliance.allocation import row_leaf
from finance.compliance.cbam import CarbonPricePaid, CbamFlow, CbamPrices, GoodsLine, SeeBasis, cbam_flow
from finance.compliance.cbam_explanation import explain_flow
from finance.compliance.cbam_rules import CbamRules
from finance.compliance.product_premium import FootprintPrice, GreenPremium, footprint_worth, premium_worth
from finance.compliance.renewable_duty import RenewableDuty
from finance.conventions.tables import ReferenceRow
from finance.decisions.channels import (
    Channel,
    ChannelKind,
    ChannelState,
    Measured,
    leaf_of,
    not_given,
    nothing,
    worth_node,
)
from finance.decisions.steps import Step
from ledger.core import amounts
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class CbamExposure:
    """The year's goods of a smelter that go to the EU, out of ``output_t`` tonnes of metal.

    ``power_row`` says whether CBAM counts electricity. The saving at home lowers a carbon price that is deducted here.
    """

    rules: CbamRules
    lines: tuple[GoodsLine, ...]
    prices: CbamPrices
    paid: CarbonPricePaid
    importer_mass_t: Fraction | None
    output_t: Fraction
    power_row: ReferenceRow
    source: str

    def __post_init__(self) -> None:
        """Refuse goods that the smelter cannot have made."""
        mass = sum((each.mass_t for each in self.lines), Fraction(0))
        if not 0 < self.output_t <= amounts.MAX_UNITS or mass > self.output_t:
            raise Invalid("decision.cbam_mass", "cbam: expected at most the output in tonnes of goods", field="lines")

    @property
    def mass_t(self) -> Fraction:
        """Tonnes of the lines."""
        return sum((each.mass_t for each in self.lines), Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyExposure:
    """The year's renewable duty as it stands, and what a certificate costs; ``None`` leaves it unpriced."""

    duty: RenewableDuty
    gec_price_cny: Fraction | None
    price_source: str
    emissions_row: ReferenceRow

    def __post_init__(self) -> None:
        """Refuse a price below zero."""
        if self.gec_price_cny is not None and not 0 <= self.gec_price_cny <= amounts.MAX_UNITS:
            raise Invalid("decision.gec_price", "gec_price_cny: expected zero or more", field="gec_price_cny")

    @property
    def open_kwh(self) -> Fraction:
        """Energy of the duty that neither counted power nor usable certificates cover, zero or more, exact."""
        found = self.duty
        held = found.held * found.rules.gec.kwh_per_certificate
        return max(Fraction(0), found.duty_kwh - found.counted_kwh - held)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSituation:
    """The product's footprint, the output it is averaged over, the tonnes sold under the terms, and the terms.

    ``are_both_paid``: a premium and a footprint price are paid for the same tonnes; without it both together are refused,
    because one buyer's terms under two names would count twice.
    """

    footprint_tco2e_per_t: Fraction
    output_t: Fraction
    sold_t: Fraction
    premium: GreenPremium | None
    price: FootprintPrice | None
    are_both_paid: bool = False

    def __post_init__(self) -> None:
        """Refuse a sale of more than the output, and two terms that nobody said are both paid."""
        if self.premium is not None and self.price is not None and not self.are_both_paid:
            raise Invalid(
                "decision.premium_twice",
                "are_both_paid: expected true where a premium and a footprint price are paid for the same tonnes; give one",
                field="are_both_paid",
            )
        if not 0 < self.output_t <= amounts.MAX_UNITS or not 0 <= self.sold_t <= self.output_t:
            raise Invalid("decision.sold_t", "sold_t: expected zero to the output in tonnes", field="sold_t")
        if self.footprint_tco2e_per_t < 0:
            raise Invalid("decision.footprint", "footprint_tco2e_per_t: expected zero or more")


def cbam_channel(exposure: CbamExposure | None, step: Step, *, home_saving_cny: Fraction = Fraction(0)) -> Channel:
    """Return what the step saves in certificates: exact tonnes to be covered x price x fixing, before less after.

    A saved tonne spreads over the output, so each exported tonne carries step / output less (lines with actual values
    only; a default value does not move). ``home_saving_cny`` is what the step saves in the home market: the exported share
    of it is no longer paid there and so no longer deducted here, which keeps one saving from counting twice. 1 t saved at
    100,000 t of output and 10,000 t exported: 0.1 t, at 75.36 EUR and 7.90 CNY 59.5344 CNY.
    """
    if exposure is None:
        return not_given(ChannelKind.CBAM, words=("No export flow to the EU was given.", "未提供对欧盟出口数据。"))
    if not step.cbam_t:
        return nothing(
            ChannelKind.CBAM,
            words=(
                "CBAM counts the direct emissions of aluminium goods only: this step changes none of them.",
                "CBAM对铝产品只计直接排放，该步不改变应缴证书，价值为零。",
            ),
            changes=(
                "Indirect emissions in the scope of aluminium (Annex II of regulation 2023/956) would change that.",
                "若欧盟将铝产品间接排放纳入（条例2023/956附件二），该渠道才有价值。",
            ),
            leaf=row_leaf(exposure.power_row),
        )
    before = _flow(exposure, exposure.lines, exposure.paid)
    after = _flow(exposure, _lowered(exposure, step), _less_paid(exposure, home_saving_cny))
    if before.is_exempt:
        return nothing(
            ChannelKind.CBAM,
            words=(
                "The importer's year stays within the threshold: no certificate is due, so none is saved.",
                "进口商年度进口量未超过豁免门槛，无需缴证书。",
            ),
            changes=("More than the threshold's mass in the year.", "年度进口量超过门槛后才有价值。"),
            leaf=before.rules.leaf("cbam.threshold_t"),
        )
    costs = _cost_cny(before), _cost_cny(after)
    if costs[0] is None or costs[1] is None:
        return not_given(
            ChannelKind.CBAM,
            words=("A certificate price or the fixing of the euro is missing.", "缺少证书价格或欧元汇率，无法估值。"),
        )
    worth = costs[0] - costs[1]
    return Channel(
        kind=ChannelKind.CBAM,
        state=ChannelState.COUNTED,
        worth_cny=worth,
        **_cbam_words(exposure),
        is_estimate=any(each.basis is not SeeBasis.ACTUAL_VERIFIED for each in exposure.lines),
        figures=_certificates(before, after, _lost(exposure, home_saving_cny)),
        explanation=worth_node(
            ChannelKind.CBAM,
            worth,
            formula="exact tonnes to be covered x price x fixing, before less after",
            children=(
                leaf_of(("direct tonnes saved", "直接减排量"), step.cbam_t, "tCO2e", step.source),
                leaf_of(("output it spreads over", "分摊产量"), exposure.output_t, "t", exposure.source),
                explain_flow(before),
                explain_flow(after),
            ),
        ),
    )


def duty_channel(exposure: DutyExposure | None, step: Step) -> Channel:
    """Return what the step saves in green certificates: kWh of the open duty that it covers, priced.

    1 MWh of counting power against an open duty at 5.96 CNY a certificate of 1,000 kWh: 5.96 CNY. Nothing is open:
    nothing is saved, and certificates that came with the power cannot be traded again.
    """
    if exposure is None:
        return not_given(ChannelKind.DUTY, words=("No renewable duty was given.", "未提供可再生能源消纳责任数据。"))
    if step.evidence is None:
        return nothing(
            ChannelKind.DUTY,
            words=(
                "The renewable duty is a share of the electricity used: a tonne saved does not change it.",
                "消纳责任按用电量比例考核，减排吨数不影响该责任。",
            ),
            changes=("A duty measured in emissions.", "若责任改按排放量考核才有价值。"),
            leaf=row_leaf(exposure.emissions_row),
        )
    duty = exposure.duty
    if not duty.rules.counts(step.evidence):
        return nothing(
            ChannelKind.DUTY,
            words=(
                f"Power on the evidence {step.evidence} does not count towards the duty.",
                f"凭证类别 {step.evidence} 的电量不计入消纳责任。",
            ),
            changes=("Evidence that counts: a contract, a direct line or certificates.", "改用可计入的凭证类别。"),
            leaf=row_leaf(duty.rules.counting[step.evidence]),
        )
    saved_kwh = min(step.green_kwh, exposure.open_kwh)
    if saved_kwh and exposure.gec_price_cny is None:
        return not_given(ChannelKind.DUTY, words=("No price of a green certificate was given.", "未提供绿证价格。"))
    per_certificate = duty.rules.gec.kwh_per_certificate
    worth = saved_kwh / per_certificate * (exposure.gec_price_cny or Fraction(0))
    left = exposure.open_kwh - saved_kwh
    met = ("The duty is met already: more green power saves no certificate.", "消纳责任已完成，增加绿电不再节省绿证。")
    saves = ("Certificates that need not be bought.", "相应减少需购绿证。")
    return Channel(
        kind=ChannelKind.DUTY,
        state=ChannelState.COUNTED,
        worth_cny=worth,
        words_en=(saves if saved_kwh else met)[0],
        words_zh=(saves if saved_kwh else met)[1],
        figures=(
            Measured(name="open_kwh", value=exposure.open_kwh, unit="kWh"),
            Measured(name="saved_kwh", value=saved_kwh, unit="kWh"),
            Measured(
                name="whole_certificates_saved",
                value=Fraction(-(-exposure.open_kwh // per_certificate) + (-left // per_certificate)),
                unit="certificate",
            ),
        ),
        explanation=worth_node(
            ChannelKind.DUTY,
            worth,
            formula="min(green energy, open duty) / energy of a certificate x its price",
            children=(
                leaf_of(("green energy more", "新增绿色电量"), step.green_kwh, "kWh", step.source),
                leaf_of(
                    ("price of a certificate", "绿证价格"),
                    exposure.gec_price_cny or Fraction(0),
                    "CNY/certificate",
                    exposure.price_source or "given with the request",
                ),
                duty.explanation,
            ),
        ),
    )


def premium_channel(product: ProductSituation | None, step: Step) -> Channel:
    """Return what the step earns with buyers: the worth of the lower footprint less that of the footprint before.

    A price per tCO2e moves with every tonne, a threshold only pays when the step crosses it; how many tonnes the next
    threshold is away, and what each may cost, stands beside it.
    """
    if product is None or (product.premium is None and product.price is None):
        return not_given(
            ChannelKind.PREMIUM,
            words=("No premium or footprint price was given.", "未提供绿色溢价或碳足迹价格条款。"),
        )
    after = product.footprint_tco2e_per_t - step.footprint_t / product.output_t
    if after < 0:
        raise Invalid(
            "decision.step_footprint", "step: expected at most the footprint of the year's output", field="step"
        )
    worth = Fraction(0)
    children = [
        leaf_of(("footprint tonnes saved", "碳足迹减排量"), step.footprint_t, "tCO2e", step.source),
        leaf_of(("output it spreads over", "分摊产量"), product.output_t, "t", "as given"),
    ]
    figures = [Measured(name="footprint_after_tco2e_per_t", value=after, unit="tCO2e/t")]
    for footprint, sign in ((product.footprint_tco2e_per_t, -1), (after, 1)):
        if product.premium is not None:
            earned = premium_worth(product.premium, footprint_tco2e_per_t=footprint, sold_t=product.sold_t)
            worth += sign * earned.worth_cny
            children.append(earned.explanation)
        if product.price is not None:
            priced = footprint_worth(product.price, footprint_tco2e_per_t=footprint, sold_t=product.sold_t)
            worth += sign * priced.worth_cny
            children.append(priced.explanation)
    if product.premium is not None:
        figures += _next_threshold(product, product.premium)
    words = (
        ("The lower footprint earns more with the buyers.", "碳足迹下降带来更高的产品溢价。")
        if worth
        else ("No threshold is crossed by this step: it earns nothing yet.", "该步未跨越溢价门槛，暂无收益。")
    )
    return Channel(
        kind=ChannelKind.PREMIUM,
        state=ChannelState.COUNTED,
        worth_cny=worth,
        words_en=words[0],
        words_zh=words[1],
        figures=tuple(figures),
        explanation=worth_node(
            ChannelKind.PREMIUM,
            worth,
            formula="worth at the footprint after less worth at the footprint before",
            children=tuple(children),
        ),
    )


def _flow(exposure: CbamExposure, lines: tuple[GoodsLine, ...], paid: CarbonPricePaid) -> CbamFlow:
    return cbam_flow(exposure.rules, lines, prices=exposure.prices, paid=paid, importer_mass_t=exposure.importer_mass_t)


def _lowered(exposure: CbamExposure, step: Step) -> tuple[GoodsLine, ...]:
    less = step.cbam_t / exposure.output_t
    return tuple(
        each
        if each.see_tco2_per_t is None
        else dataclasses.replace(each, see_tco2_per_t=max(Fraction(0), each.see_tco2_per_t - less))
        for each in exposure.lines
    )


def _lost(exposure: CbamExposure, home_saving_cny: Fraction) -> Fraction:
    """Return the CNY no longer paid at home for the exported goods, at most what was paid, zero where nothing was."""
    share = home_saving_cny * exposure.mass_t / exposure.output_t
    return min(max(share, Fraction(0)), exposure.paid.effective_cny)


def _less_paid(exposure: CbamExposure, home_saving_cny: Fraction) -> CarbonPricePaid:
    lost = _lost(exposure, home_saving_cny)
    return dataclasses.replace(exposure.paid, paid_cny=exposure.paid.paid_cny - lost)


def _cost_cny(flow: CbamFlow) -> Fraction | None:
    if flow.payable_t == 0 or flow.needed_t == 0:
        return Fraction(0)
    if flow.needed_t is None or flow.price_eur is None or flow.prices.cny_per_eur is None:
        return None
    return flow.needed_t * flow.price_eur * flow.prices.cny_per_eur


def _certificates(before: CbamFlow, after: CbamFlow, lost_cny: Fraction) -> tuple[Measured, ...]:
    whole = None
    if before.certificates is not None and after.certificates is not None:
        whole = Fraction(before.certificates - after.certificates)
    return (
        Measured(name="certificates_before_t", value=before.needed_t, unit="tCO2e"),
        Measured(name="certificates_after_t", value=after.needed_t, unit="tCO2e"),
        Measured(name="whole_certificates_saved", value=whole, unit="certificate"),
        Measured(name="home_deduction_lost_cny", value=lost_cny, unit="CNY"),
    )


def _cbam_words(exposure: CbamExposure) -> dict[str, str]:
    if all(each.basis is SeeBasis.DEFAULT for each in exposure.lines):
        return {
            "words_en": "The goods are declared on default values, which do not move with the plant.",
            "words_zh": "出口货物按默认值申报，企业减排不改变应缴证书。",
            "changes_en": "Actual emissions checked by an accredited verifier.",
            "changes_zh": "改用经认可机构核查的实际排放值。",
        }
    return {
        "words_en": "Fewer certificates for the exported share of the output.",
        "words_zh": "出口部分所需CBAM证书减少。",
    }


def _next_threshold(product: ProductSituation, premium: GreenPremium) -> list[Measured]:
    footprint = product.footprint_tco2e_per_t
    ahead = [each for each in premium.steps if each.threshold_tco2e_per_t < footprint]
    if not ahead:
        return [Measured(name="next_threshold_t", value=None, unit="tCO2e")]
    following = max(ahead, key=lambda each: each.threshold_tco2e_per_t)
    now = premium.at(footprint)
    gain = (following.premium_cny_per_t - (Fraction(0) if now is None else now.premium_cny_per_t)) * product.sold_t
    away_t = (footprint - following.threshold_tco2e_per_t) * product.output_t
    return [
        Measured(name="next_threshold_t", value=away_t, unit="tCO2e"),
        Measured(name="next_threshold_gain_cny", value=gain, unit="CNY"),
        Measured(name="next_threshold_breakeven_cny_per_t", value=gain / away_t, unit="CNY/t"),
    ]
