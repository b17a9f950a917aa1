"""Attributes of a person that laws protect, told by a column's header in the languages that headers are written in."""

from handover.wording import has_words, words

# Without accents; two words stand for themselves and for the two written as one. "=" is for the whole header alone.
PROTECTED = {
    "race or ethnicity": (
        "race", "ethnicity", "ethnic", "skin color", "skin colour", "caste", "ethnie", "ethnizitat",
        "ethnische herkunft", "hautfarbe", "etnia", "etnicidad", "raza", "razza", "raca", "etniciteit", "afkomst",
    ),
    "sex": (
        "sex", "gender", "male", "female", "geschlecht", "sexe", "sexo", "genero", "sesso", "genere", "geslacht",
    ),
    "marital status": (
        "marital", "marriage", "married", "civil status", "family status", "personal status", "=relationship",
        "familienstand", "verheiratet", "etat civil", "situation familiale", "situation matrimoniale", "estado civil",
        "stato civile", "burgerlijke staat",
    ),
    "religion": (
        "religion", "religious", "konfession", "religios", "religieux", "confession religieuse", "religione",
        "religiao", "religie", "godsdienst",
    ),
    "nationality": (
        "nationality", "citizenship", "citizen", "national origin", "native country", "country of birth",
        "birth country", "place of birth", "birthplace", "foreign worker", "foreigner", "immigrant", "immigration",
        "nationalitat", "nationalitaet", "staatsangehorigkeit", "staatsangehoerigkeit", "staatsburgerschaft",
        "geburtsland", "herkunftsland", "nationalite", "citoyennete", "pays de naissance", "nacionalidad",
        "ciudadania", "pais de nacimiento", "nazionalita", "cittadinanza", "nacionalidade", "cidadania",
        "nationaliteit", "staatsburgerschap", "geboorteland",
    ),
    "age": (
        "age", "ages", "senior citizen", "date of birth", "birth date", "birth year", "year birth", "year of birth",
        "days birth", "birthday", "dob", "alter", "lebensalter", "altersgruppe", "geburtsdatum", "geburtsjahr",
        "tranche age", "date de naissance", "date naissance", "annee naissance", "annee de naissance", "edad",
        "fecha nacimiento", "fecha de nacimiento", "età", "data di nascita", "idade", "data de nascimento",
        "leeftijd", "geboortedatum", "geboortejaar",
    ),
    "health or disability": (
        "health", "disability", "disabled", "handicap", "handicapped", "pregnant", "pregnancy", "pregnancies",
        "gesundheit", "behinderung", "behindert", "schwerbehindert", "schwanger", "sante", "invalidite", "enceinte",
        "salud", "discapacidad", "embarazada", "salute", "disabilita", "invalidita", "saude", "deficiencia",
        "gravida", "gezondheid", "zwanger",
    ),
    "political opinion": (
        "political", "politics", "party affiliation", "politische", "partei", "politique", "opinion politica",
        "afiliacion politica", "orientamento politico", "partito", "filiacao politica", "partido politico",
        "politieke",
    ),
    "membership of a union": (
        "=union", "union member", "union membership", "trade union", "labor union", "labour union", "gewerkschaft",
        "gewerkschaftsmitglied", "syndicat", "syndique", "sindicato", "sindacato", "vakbond",
    ),
    "sexual orientation": (
        "sexual orientation", "sexuelle orientierung", "orientation sexuelle", "orientacion sexual",
        "orientamento sessuale", "orientacao sexual", "seksuele geaardheid", "lgbt", "lgbtq",
    ),
}  # fmt: skip
# What has an age, or a race, and is no person.
OF_THINGS = {
    "age": {
        "house", "housing", "home", "building", "property", "dwelling", "flat", "car", "vehicle", "machine", "device",
        "equipment", "account", "loan", "credit", "policy", "company", "business", "firm", "tree", "battery", "stone",
        "haus", "auto", "gebaude", "maison", "voiture", "casa", "coche", "carro",
    },
    "race or ethnicity": {"course", "track", "distance", "horse", "lap", "laps", "time", "finish", "runner"},
    "nationality": {"senior"},
}  # fmt: skip


def question(header: str) -> str:
    """Ask whether a column may decide, naming what laws protect; nothing where the header names no such thing."""
    kinds = [
        kind
        for kind, phrases in PROTECTED.items()
        if has_words(header, phrases) and not OF_THINGS.get(kind, set()) & set(words(header))
    ]
    return f"It says {' and '.join(kinds)}, which many laws protect: may it decide?" if kinds else ""
