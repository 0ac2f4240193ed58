"""Small word lists of the rules."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Ordinary English words, which a capital does not turn into a name.
ORDINARY = _words(
    """the a an this that these those it its he she they we you i my your our their his her is are was were be been
    am do does did has have had will would can could should may might must not no yes if when while because
    although though
    since so but and or for with without from into about as at by in of on to up out than then there here what who why
    how which where however therefore moreover furthermore additionally also finally first second third next once
    overall instead meanwhile thus hence please note sure okay ok hello hi thanks thank answer question example step
    summary conclusion introduction let's lets it's i'm don't can't here's there's what's that's each every some any
    many most all both few several other another such only just even very more less make use using used give find get"""
)

# Lower-case words that may stand inside a name: Bank of America, Ludwig van Beethoven.
CONNECTORS = _words(
    """of the and for in on at to from by with as a an vs de la le les el los las du des del della di da do dos das
    van von der den und et e y al bin ibn"""
)

# Units that may follow a number.
UNITS = _words(
    """nm um µm mm cm dm km ha pg ng µg mg kg kt lb lbs oz fl gal ml dl cl cc ms ns min sec hr hrs kb mb gb tb kbps
    mbps gbps
    bit bps hz khz mhz ghz px pt em rem vh vw dpi ppi fps rpm kw kwh mw mwh wh mah ma kv mv kj kcal cal mol pa
    hpa kpa mpa
    psi bar db lm lx rad deg sq ft in yd mi mph kph am pm bc ad ce bce st nd rd th xs xl ppm ppb pp vs ph eur usd
    miles feet"""
)

# Expressions that every language takes over as they are.
EXPRESSIONS = frozenset(
    tuple(expression.split("_"))
    for expression in _words(
        """ad_hoc de_facto de_jure status_quo sine_qua_non in_vitro in_vivo in_situ a_priori a_posteriori per_se
        pro_bono modus_operandi modus_vivendi persona_non_grata habeas_corpus curriculum_vitae alter_ego et_al
        vice_versa quid_pro_quo ad_infinitum de_novo ex_ante ex_post homo_sapiens lato_sensu stricto_sensu déjà_vu
        joie_de_vivre raison_d'être coup_d'état crème_brûlée crème_fraîche haute_couture savoir_vivre savoir_faire
        laissez_faire avant_garde fait_accompli c'est_la_vie bon_appétit à_la_carte en_passant al_dente a_cappella
        la_dolce_vita dolce_vita prima_donna yin_yang tai_chi feng_shui nasi_goreng rock_and_roll fish_and_chips"""
    )
)

# Abbreviations and Roman numbers of every language.
ABBREVIATIONS = _words("etc al vs cf ie eg ii iii iv vii viii ix xi xii")
