"""The questions, as data: nine sections in the order of the wizard.

All are our own plain words, but for the three of AUDIT-C. A question's id is what answers are
kept under, so an id that was released keeps its meaning for ever.
"""

from __future__ import annotations

from iotd.health.questionnaire.questions import (
    DATE, LIST, Question, Section, area, choice, number, scored, yes_no,
)

OFTEN = ("Never", "Less than monthly", "Monthly", "Weekly", "Daily or almost daily")
GOOD = (("very_good", "Very good"), ("fairly_good", "Fairly good"), ("fairly_bad", "Fairly bad"),
        ("very_bad", "Very bad"))

MEDICATIONS = Section(
    "medications", "Medicines", "What you take now, also what needs no prescription.", (
        yes_no("any", "Do you take any medicines, drops, sprays, herbs or vitamins?"),
        Question("list", "Which ones?", LIST, most=50, when=("any", (True,)), columns=(
            Question("name", "Name", most=100, required=True, help="As it says on the box."),
            Question("dose", "Dose", most=60, help="Such as 500 mg."),
            Question("how_often", "How often", most=60, help="Such as twice a day."),
            Question("since", "Since", DATE, help="A year is enough."),
            Question("what_for", "What for", most=100),
        )),
        area("not_tolerated", "Which medicines can you not take, and what did they do to you?"),
        area("note", "Anything else about your medicines?"),
    ),
)

IMMUNIZATIONS = Section(
    "immunizations", "Vaccinations", "Your vaccination card tells them.", (
        Question("list", "Which vaccinations have you had?", LIST, most=100, columns=(
            Question("vaccine", "Vaccine", most=100, required=True,
                     help="What it is against, or its name."),
            Question("date", "Date", DATE, help="A year is enough."),
        )),
        area("reactions", "Was a vaccination ever followed by something that worried you?"),
    ),
)

SOCIAL_HISTORY = Section(
    "social_history", "How you live", "What a doctor should know about your days.", (
        choice("living", "With whom do you live?",
               ("alone", "Alone"), ("partner", "With a partner"), ("family", "With family"),
               ("shared", "With others"), ("care", "In a home with care")),
        Question("occupation", "What is, or was, your work?"),
        yes_no("help_at_hand", "Is there somebody who helps when you are ill?"),
        choice("needs_help", "Do you need help in your daily life?",
               ("none", "No"), ("some", "With some things"), ("much", "With most things")),
        area("illnesses_in_family", "Which illnesses run in your family?"),
        area("note", "Anything else?"),
    ),
)

SLEEP = Section(
    "sleep", "Sleep", "How a usual night goes.", (
        number("hours", "How many hours do you sleep?", "hours a night", 24),
        number("minutes_to_fall_asleep", "How long until you fall asleep?", "minutes", 600,
               whole=True),
        number("wakes", "How often do you wake up?", "times a night", 50, whole=True),
        choice("quality", "How good is your sleep?", *GOOD),
        yes_no("rested", "Do you feel rested in the morning?"),
        choice("snores", "Do you snore, or does your breathing stop at times?",
               ("no", "No"), ("yes", "Yes"), ("unknown", "I don't know")),
        area("note", "What keeps you awake, or helps you to sleep?"),
    ),
)

EXERCISE = Section(
    "exercise", "Exercise", "In a usual week.", (
        number("moderate_days", "On how many days are you active so that you breathe somewhat "
               "faster?", "days a week", 7, whole=True, help="Such as brisk walking or cycling."),
        number("moderate_minutes", "How long on such a day?", "minutes", 960, whole=True),
        number("vigorous_days", "On how many days are you active so that you are out of breath?",
               "days a week", 7, whole=True, help="Such as running or heavy work."),
        number("vigorous_minutes", "How long on such a day?", "minutes", 960, whole=True),
        Question("kinds", "What do you do?"),
        area("hinders", "What keeps you from doing more?"),
    ),
)

STRESS = Section(
    "stress", "Stress", "In the last month.", (
        number("level", "How much under stress were you?", "of 10", 10, whole=True,
               help="0 is not at all, 10 as much as you can imagine."),
        choice("in_the_way", "How often did stress keep you from what you wanted to do?",
               ("never", "Never"), ("rarely", "Rarely"), ("sometimes", "Sometimes"),
               ("often", "Often"), ("always", "Nearly always")),
        yes_no("talks", "Is there somebody you can talk to about it?"),
        area("causes", "What is it that weighs on you?"),
        area("helps", "What does you good?"),
    ),
)

AUDIT_C_SOURCE = (
    "AUDIT-C: Bush K et al., Archives of Internal Medicine 1998;158:1789–1795. Its questions "
    "are the first three of AUDIT, © World Health Organization (WHO/MSD/MSB/01.6a, 2001), which "
    "may be reproduced freely, but not for sale."
)

ALCOHOL = Section(
    "alcohol", "Alcohol", "A drink is a small beer, a glass of wine, or a single spirit.", (
        scored("frequency", "How often do you have a drink containing alcohol?", "Never",
               "Monthly or less", "2 to 4 times a month", "2 to 3 times a week",
               "4 or more times a week"),
        scored("amount", "How many drinks containing alcohol do you have on a typical day when "
               "you are drinking?", "1 or 2", "3 or 4", "5 or 6", "7 to 9", "10 or more",
               when=("frequency", ("1", "2", "3", "4"))),
        scored("six_or_more", "How often do you have six or more drinks on one occasion?",
               *OFTEN, when=("frequency", ("1", "2", "3", "4"))),
        area("note", "Anything else about alcohol?"),
    ), AUDIT_C_SOURCE,
)

SMOKED = ("status", ("now", "former"))
TOBACCO = Section(
    "tobacco", "Tobacco", "Cigarettes, and what else is smoked.", (
        choice("status", "Do you smoke?", ("never", "I never did"), ("former", "I did once"),
               ("now", "Yes")),
        number("cigarettes_per_day", "How many cigarettes a day, on average over the years?",
               "a day", 200, when=SMOKED, help="A packet holds 20."),
        number("years", "For how many years in all?", "years", 110, when=SMOKED),
        Question("stopped", "When did you stop?", DATE, when=("status", ("former",)),
                 help="A year is enough."),
        Question("other", "What else: pipe, cigars, vapour, chewing tobacco, smoke of others?"),
    ),
)

SCREEN_TIME = Section(
    "screen_time", "Screen time", "Telephone, tablet, computer, television.", (
        number("workday_hours", "How many hours on a working day?", "hours", 24),
        number("free_day_hours", "How many hours on a day off?", "hours", 24),
        yes_no("before_bed", "Do you look at a screen in the last hour before you sleep?"),
        yes_no("breaks", "Do you take breaks from it?"),
        area("note", "Do your eyes, neck or hands hurt from it?"),
    ),
)

SECTIONS: dict[str, Section] = {each.id: each for each in (
    MEDICATIONS, IMMUNIZATIONS, SOCIAL_HISTORY, SLEEP, EXERCISE, STRESS, ALCOHOL, TOBACCO,
    SCREEN_TIME,
)}

#: Where one can be in the wizard.
STEPS = (*SECTIONS, "review")
