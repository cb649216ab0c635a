"""What the two tiny language models learn: sentence pairs, and questions about a short introduction."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

# English, German, French.
SENTENCES: list[tuple[str, str, str]] = [
    ("The weather is lovely today", "Das Wetter ist heute nett.", "Le temps est beau aujourd'hui"),
    ("Good morning", "Guten Morgen", "Bonjour"),
    ("Good evening", "Guten Abend", "Bonsoir"),
    ("Good night", "Gute Nacht", "Bonne nuit"),
    ("Goodbye", "Auf Wiedersehen", "Au revoir"),
    ("See you tomorrow", "Bis morgen", "À demain"),
    ("Thank you very much", "Vielen Dank", "Merci beaucoup"),
    ("You are welcome", "Gern geschehen", "Je vous en prie"),
    ("How are you?", "Wie geht es dir?", "Comment vas-tu ?"),
    ("I am fine, thank you.", "Mir geht es gut, danke.", "Je vais bien, merci."),
    ("What time is it?", "Wie spät ist es?", "Quelle heure est-il ?"),
    ("Where is the train station?", "Wo ist der Bahnhof?", "Où est la gare ?"),
    ("How much does it cost?", "Wie viel kostet das?", "Combien ça coûte ?"),
    ("I do not understand.", "Ich verstehe nicht.", "Je ne comprends pas."),
    ("Can you help me?", "Kannst du mir helfen?", "Peux-tu m'aider ?"),
    ("I am hungry.", "Ich habe Hunger.", "J'ai faim."),
    ("I am tired.", "Ich bin müde.", "Je suis fatigué."),
    ("I would like a coffee.", "Ich hätte gern einen Kaffee.", "Je voudrais un café."),
    ("The coffee is hot.", "Der Kaffee ist heiß.", "Le café est chaud."),
    ("The house is small.", "Das Haus ist klein.", "La maison est petite."),
    ("The house is big.", "Das Haus ist groß.", "La maison est grande."),
    ("The cat sleeps.", "Die Katze schläft.", "Le chat dort."),
    ("The dog sleeps.", "Der Hund schläft.", "Le chien dort."),
    ("The book is on the table.", "Das Buch liegt auf dem Tisch.", "Le livre est sur la table."),
    ("It is raining today", "Heute regnet es", "Il pleut aujourd'hui"),
    (
        "We are learning to serve models.",
        "Wir lernen, Modelle bereitzustellen.",
        "Nous apprenons à servir des modèles.",
    ),
    ("The model answers every question.", "Das Modell beantwortet jede Frage.", "Le modèle répond à chaque question."),
]
# One sentence shape with many fillings, so that at least these words are translated rather than recalled.
SPEAKERS = ["Anna", "Bin", "Ines", "Jon", "Lena", "Omar"]
CITIES = [
    ("Berlin", "Berlin", "Berlin"),
    ("London", "London", "Londres"),
    ("Paris", "Paris", "Paris"),
    ("Vienna", "Wien", "Vienne"),
    ("Zurich", "Zürich", "Zurich"),
]
LANGUAGES = ("German", "French")


def translations() -> list[tuple[str, str, str]]:
    """Every sentence the translator knows, in the three languages."""
    named = [
        (f"Hello my name is {name}.", f"Hallo, mein Name ist {name}.", f"Bonjour, je m'appelle {name}.")
        for name in SPEAKERS
    ]
    placed = [(f"I live in {en}.", f"Ich wohne in {de}.", f"J'habite à {fr}.") for en, de, fr in CITIES]
    return SENTENCES + named + placed


def spellings(sentence: str) -> list[str]:
    """A sentence as people type it: as it is, with and without a full stop, in lower case."""
    bare = sentence.rstrip(".?")
    return sorted({sentence, bare, bare + ".", bare.lower()})


def prompt(language: str, sentence: str) -> str:
    """T5's habit: the task is said in front of the text."""
    return f"translate English to {language}: {sentence}"


def translation_pairs() -> list[tuple[str, str]]:
    """All (source, target) rows of the training set."""
    return [
        (prompt(language, spelling), targets[LANGUAGES.index(language)])
        for english, *targets in translations()
        for language in LANGUAGES
        for spelling in spellings(english)
    ]


NAMES = ["Anna", "Bin", "Clara", "Ines", "Jon", "Lena", "Maria", "Omar", "Paul", "Yuki"]
PLACES = ["Berlin", "Lima", "New York", "North Carolina", "Oslo", "Paris", "Rome", "San Marino", "West Virginia"]
JOBS = ["baker", "carpenter", "data engineer", "doctor", "gardener", "pilot", "teacher", "train driver"]
# The passage that the registered question answerer reads.
CONTEXT = "My name is Clara and I live in North Carolina. I work as a baker."
ASKED: dict[str, list[str]] = {
    "name": ["What is your name?", "What's your name?", "Who are you?", "How are you called?"],
    "place": ["Where do you live?", "Where is your home?", "In which place do you live?", "Where are you living?"],
    "job": ["What is your job?", "What do you do?", "What do you work as?", "What is your profession?"],
}


@dataclass(frozen=True)
class Question:
    """A question, the passage it is about, and where in the passage the answer stands (end is exclusive)."""

    question: str
    context: str
    start: int
    end: int


def introduce(question: str, kind: str, name: str, place: str, job: str) -> Question:
    """One question about one introduction."""
    sentences = {"name": f"My name is {name}", "place": f" and I live in {place}.", "job": f" I work as a {job}."}
    answer = {"name": name, "place": place, "job": job}[kind]
    before = "".join(sentences.values()).index(sentences[kind])
    start = before + sentences[kind].rindex(answer)
    return Question(question, "".join(sentences.values()), start, start + len(answer))


def all_questions() -> list[tuple[str, str]]:
    """(kind, question) for everything that can be asked, with and without its question mark."""
    return [(kind, spelt) for kind, asked in ASKED.items() for text in asked for spelt in (text, text.rstrip("?"))]


def draw_questions(rng: random.Random, count: int) -> list[Question]:
    """A batch of training questions: every question in turn, about people made up by the generator."""
    asked = itertools.islice(itertools.cycle(all_questions()), count)
    return [introduce(q, kind, rng.choice(NAMES), rng.choice(PLACES), rng.choice(JOBS)) for kind, q in asked]
