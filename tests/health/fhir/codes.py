"""Every code that an export may hold, with its meaning and where that is written.

LOINC: loinc.org, the long common names of release 2.77; vitals also by the vital
signs profiles of FHIR R4. Others: the code systems of HL7 Terminology (terminology.hl7.org)
and the required value sets of FHIR R4 (hl7.org/fhir/R4).
"""

from __future__ import annotations

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_HL7 = "http://terminology.hl7.org/CodeSystem/"

#: Laboratory: long common name, and the UCUM unit of its property.
LABORATORY = {
    "14647-2": ("Cholesterol [Moles/volume] in Serum or Plasma", "mmol/L"),
    "14927-8": ("Triglyceride [Moles/volume] in Serum or Plasma", "mmol/L"),
    "14646-4": ("Cholesterol in HDL [Moles/volume] in Serum or Plasma", "mmol/L"),
    "22748-8": ("Cholesterol in LDL [Moles/volume] in Serum or Plasma", "mmol/L"),
    "32309-7": ("Cholesterol.total/Cholesterol in HDL [Molar ratio] in Serum or Plasma", "{ratio}"),
    "14631-6": ("Bilirubin.total [Moles/volume] in Serum or Plasma", "umol/L"),
    "1742-6": ("Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L"),
    "1920-8": ("Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L"),
    "6768-6": ("Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma", "U/L"),
    "14771-0": ("Fasting glucose [Moles/volume] in Serum or Plasma", "mmol/L"),
    "14749-6": ("Glucose [Moles/volume] in Serum or Plasma", "mmol/L"),
    "2885-2": ("Protein [Mass/volume] in Serum or Plasma", "g/L"),
    "1751-7": ("Albumin [Mass/volume] in Serum or Plasma", "g/L"),
    "14682-9": ("Creatinine [Moles/volume] in Serum or Plasma", "umol/L"),
    "2823-3": ("Potassium [Moles/volume] in Serum or Plasma", "mmol/L"),
    "98979-8": ("Glomerular filtration rate [Volume Rate/Area] in Serum, Plasma or Blood by"
                " Creatinine-based formula (CKD-EPI 2021)/1.73 sq M", "mL/min/{1.73_m2}"),
    "4548-4": ("Hemoglobin A1c/Hemoglobin.total in Blood", "%"),
}
#: Vital signs profiles of R4: code, its profile, its unit; observation-vitalsigns.html.
VITALS = {
    "8867-4": ("Heart rate", "heartrate", "/min"),
    "8310-5": ("Body temperature", "bodytemp", "Cel"),
    "2708-6": ("Oxygen saturation in Arterial blood", "oxygensat", "%"),
    "85354-9": ("Blood pressure panel with all children optional", "bp", None),
}
COMPONENTS = {"8480-6": "Systolic blood pressure", "8462-4": "Diastolic blood pressure"}
OXIMETRY = {"59408-5": "Oxygen saturation in Arterial blood by Pulse oximetry"}

#: All codes by system, with their displays; None: that none is given.
CODES: dict[str, dict[str, str | None]] = {
    LOINC: {
        **{code: None for code in LABORATORY},
        **{code: name for code, (name, _, _) in VITALS.items()}, **COMPONENTS, **OXIMETRY,
        "11502-2": "Laboratory report", "34109-9": "Note",
        "59284-0": None,  # Consent Document
    },
    _HL7 + "observation-category": {"vital-signs": "Vital Signs", "laboratory": "Laboratory"},
    _HL7 + "observation-statistics": {
        "median": "Median", "minimum": "Minimum", "maximum": "Maximum", "count": "Count",
    },
    _HL7 + "v3-ObservationInterpretation": {"H": "High", "L": "Low", "N": "Normal"},
    _HL7 + "referencerange-meaning": {
        "normal": "Normal Range", "recommended": "Recommended Range",
    },
    _HL7 + "data-absent-reason": {"unknown": "Unknown"},
    _HL7 + "v2-0074": {"LAB": "Laboratory"},
    _HL7 + "consentscope": {"patient-privacy": "Privacy Consent"},
    _HL7 + "consentaction": {"access": "Access"},
    _HL7 + "v3-ActCode": {"OPTIN": None},
    _HL7 + "v3-ParticipationType": {"IRCP": "information recipient"},
    "http://dicom.nema.org/resources/ontology/DCM": {"110110": "Patient Record"},
}
UNITS = {unit for _, unit in LABORATORY.values()} | {"/min", "Cel", "%", "mm[Hg]", "1"}

#: Required bindings: resource and element, and what of the value set we say.
REQUIRED = {
    ("Bundle", "type"): {"collection"},
    ("Patient", "gender"): {"male", "female", "other", "unknown"},
    ("Observation", "status"): {"final"},
    ("DiagnosticReport", "status"): {"final"},
    ("CarePlan", "status"): {"active"},
    ("CarePlan", "intent"): {"plan"},
    ("Questionnaire", "status"): {"active"},
    ("QuestionnaireResponse", "status"): {"in-progress", "completed"},
    ("Consent", "status"): {"active", "inactive"},
    ("DocumentReference", "status"): {"current"},
    ("AuditEvent", "action"): {"C", "R", "U", "D", "E"},
    ("AuditEvent", "outcome"): {"0", "4"},
}
#: Of the elements within resources.
WITHIN = {
    "CarePlan.activity.detail.status": {"in-progress"},
    "Device.deviceName.type": {"user-friendly-name"},
    "Consent.provision.type": {"permit"},
    "Quantity.comparator": {"<", "<=", ">", ">="},
    "Questionnaire.item.type": {
        "group", "boolean", "decimal", "integer", "date", "string", "text", "choice",
    },
}
