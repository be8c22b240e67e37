//! Queries about one patient, and what is found: `matches + what they bring along`, or `refused parameter`.

pub(super) const ROWS: &[(&str, &str)] = &[
    // Everything of a type, by id, and never another patient's.
    ("Observation", "Observation/bp1 Observation/w1 Observation/w2 Observation/panel Observation/hb"),
    ("Observation?_id=w1", "Observation/w1"),
    ("Observation?_id=w1,w9,bp1", "Observation/w1 Observation/bp1"),
    ("Observation?_id=w9", ""),
    ("Patient", "Patient/p1"),
    ("Patient?_id=p2", ""),
    ("Organization?_id=ward,insurer", "Organization/ward Organization/insurer"),
    ("Flag", ""),
    // Tokens.
    ("Observation?code=http://loinc.org|29463-7", "Observation/w1 Observation/w2"),
    ("Observation?code=29463-7", "Observation/w1 Observation/w2"),
    (
        "Observation?code=http://loinc.org|",
        "Observation/bp1 Observation/w1 Observation/w2 Observation/panel Observation/hb",
    ),
    ("Observation?code=http://snomed.info/sct|29463-7", ""),
    (
        "Observation?code=http://loinc.org|29463-7,http://loinc.org|718-7",
        "Observation/w1 Observation/w2 Observation/hb",
    ),
    ("Observation?category=vital-signs&code=85354-9", "Observation/bp1"),
    ("Observation?category=laboratory&code=29463-7", ""),
    ("Observation?code:not=29463-7", "Observation/bp1 Observation/panel Observation/hb"),
    ("Observation?status=amended", "Observation/w2"),
    ("Observation?component-code=8480-6", "Observation/bp1"),
    ("Observation?combo-code=8462-4,718-7", "Observation/bp1 Observation/hb"),
    ("Condition?clinical-status=active", "Condition/diabetes"),
    ("Condition?clinical-status=active,resolved", "Condition/diabetes Condition/fracture"),
    ("Condition?code:text=diab", "Condition/diabetes"),
    ("AllergyIntolerance?clinical-status=active&criticality=high", "AllergyIntolerance/nuts"),
    ("AllergyIntolerance?criticality=low", ""),
    ("Encounter?class=http://terminology.hl7.org/CodeSystem/v3-ActCode|IMP", "Encounter/stay"),
    ("MedicationRequest?identifier=urn:oid:1.2.4|ma-1", "MedicationRequest/ma1"),
    ("MedicationRequest?intent=order&status=active", "MedicationRequest/ma1 MedicationRequest/vv1"),
    // Dates with prefixes and precision, of days, instants and periods.
    ("Observation?date=2024-03-01", "Observation/bp1"),
    ("Observation?date=ge2024-03-01", "Observation/bp1 Observation/w2"),
    ("Observation?date=gt2024-03-01", "Observation/w2"),
    ("Observation?date=lt2024-02", "Observation/w1"),
    ("Observation?date=ge2024-02-01&date=le2024-03-31", "Observation/bp1 Observation/panel Observation/hb"),
    ("Observation?date=2024", "Observation/bp1 Observation/w1 Observation/w2 Observation/panel Observation/hb"),
    ("Encounter?date=ge2024-02-03&date=le2024-02-04", "Encounter/stay"),
    ("Procedure?date=2024-02-02", "Procedure/scope"),
    ("Condition?onset-date=lt2015", "Condition/fracture"),
    ("MedicationDispense?whenhandedover=ge2024-03-01", "MedicationDispense/mve1"),
    ("Patient?birthdate=1957-03-12", "Patient/p1"),
    ("Patient?birthdate=gt1960", ""),
    // Quantities.
    ("Observation?value-quantity=gt71|http://unitsofmeasure.org|kg", "Observation/w2"),
    ("Observation?value-quantity=70.5||kg", "Observation/w1"),
    ("Observation?component-value-quantity=ge132", "Observation/bp1"),
    // Strings.
    ("Patient?family=ber", "Patient/p1"),
    ("Patient?family:exact=berg", ""),
    ("Patient?name:contains=erg", "Patient/p1"),
    // References and what is missing.
    ("Observation?performer=PractitionerRole/role", "Observation/bp1"),
    ("Observation?performer=dr", "Observation/w1"),
    ("Observation?has-member=Observation/hb", "Observation/panel"),
    ("Observation?encounter=Encounter/stay", ""),
    ("Observation?performer:missing=true", "Observation/w2 Observation/hb"),
    ("MedicationRequest?requester:missing=false", "MedicationRequest/ma1 MedicationRequest/ma2"),
    // Chains.
    ("MedicationRequest?medication.code=urn:oid:1.2.9|100", "MedicationRequest/ma1 MedicationRequest/vv1"),
    ("MedicationRequest?medication.code=200&category=http://snomed.info/sct|33633005", "MedicationRequest/ma2"),
    ("MedicationRequest?medication.code=300", ""),
    ("Observation?performer:Organization.name=long", "Observation/panel"),
    ("Observation?_has:Provenance:target:patient=Patient/p1", "Observation/w1"),
    ("Observation?_has:Observation:has-member:category=laboratory", "Observation/hb"),
    ("Encounter?_has:Composition:encounter:status=final", "Encounter/stay"),
    ("Encounter?_has:Composition:encounter:status=preliminary", ""),
    // Brought along.
    ("MedicationRequest?_id=ma1&_include=MedicationRequest:medication", "MedicationRequest/ma1 + Medication/para"),
    (
        "MedicationRequest?_include=MedicationRequest:medication&_include=MedicationRequest:requester",
        "MedicationRequest/ma1 MedicationRequest/ma2 MedicationRequest/vv1 + Medication/para Medication/metf PractitionerRole/role",
    ),
    (
        "MedicationRequest?category=http://snomed.info/sct|33633005&_include=MedicationRequest:medication&_include=MedicationRequest:requester\
        &_include:iterate=PractitionerRole:organization&_include:iterate=PractitionerRole:practitioner&_include:iterate=PractitionerRole:location",
        "MedicationRequest/ma1 MedicationRequest/ma2 + Medication/para Medication/metf PractitionerRole/role Organization/ward Practitioner/dr Location/site",
    ),
    (
        "MedicationRequest?_id=ma2&_include=MedicationRequest:requester&_include:recurse=PractitionerRole:practitioner",
        "MedicationRequest/ma2 + PractitionerRole/role Practitioner/dr",
    ),
    (
        "MedicationRequest?_id=ma2&_include=MedicationRequest:requester&_include=PractitionerRole:practitioner",
        "MedicationRequest/ma2 + PractitionerRole/role",
    ),
    ("MedicationRequest?_id=vv1&_include=MedicationRequest:requester", "MedicationRequest/vv1"),
    (
        "Observation?performer:missing=false&_include=Observation:performer:Organization",
        "Observation/bp1 Observation/w1 Observation/panel + Organization/ward",
    ),
    ("Observation?code=58410-2&_include=Observation:has-member", "Observation/panel + Observation/hb"),
    ("Patient?_include=Patient:general-practitioner", "Patient/p1 + Practitioner/gp"),
    (
        "Coverage?_include=Coverage:payor:Organization&_include=Coverage:payor:Patient",
        "Coverage/policy + Organization/insurer",
    ),
    ("DeviceUseStatement?_include=DeviceUseStatement:device", "DeviceUseStatement/use + Device/aid"),
    ("CareTeam?status=active&_include=CareTeam:participant", "CareTeam/team + PractitionerRole/role Practitioner/gp"),
    (
        "MedicationAdministration?_include=MedicationAdministration:medication",
        "MedicationAdministration/mtd1 + Medication/metf",
    ),
    (
        "MedicationRequest?_revinclude=Provenance:target",
        "MedicationRequest/ma1 MedicationRequest/ma2 MedicationRequest/vv1 + Provenance/of-ma1",
    ),
    ("Observation?code=29463-7&_revinclude=Provenance:target", "Observation/w1 Observation/w2 + Provenance/of-w1"),
    (
        "MedicationRequest?status=active&_include=MedicationRequest:medication&_revinclude=Provenance:target",
        "MedicationRequest/ma1 MedicationRequest/vv1 + Medication/para Provenance/of-ma1",
    ),
    // What only Nictiz' own parameters ask.
    (
        "MedicationDispense?category=http://snomed.info/sct|422037009&_include=MedicationDispense:performer",
        "MedicationDispense/ta1 + Organization/ward",
    ),
    ("MedicationAdministration?category=http://snomed.info/sct|18629005", "MedicationAdministration/mtd1"),
    ("MedicationAdministration?category=http://snomed.info/sct|1", ""),
    (
        "MedicationRequest?pharmaceutical-treatment-identifier=urn:oid:1.2.3|t1",
        "MedicationRequest/ma1 MedicationRequest/vv1",
    ),
    ("MedicationRequest?period-of-use=ge2024-05-01", "MedicationRequest/ma1 MedicationRequest/vv1"),
    (
        "MedicationRequest?period-of-use=ge2024-05-01&is-latest-stop=true",
        "MedicationRequest/ma1 MedicationRequest/vv1 MedicationRequest/ma2",
    ),
    ("MedicationRequest?period-of-use=ge2023-02-01&period-of-use=le2023-12-31", "MedicationRequest/ma2"),
    (
        "MedicationRequest?period-of-use=lt2024-01-01&_include=MedicationRequest:medication",
        "MedicationRequest/ma2 + Medication/metf",
    ),
    ("MedicationStatement?period-of-use=gt2024-06-30&medication.code=100", "MedicationStatement/mgb1"),
    // How an answer looks is not the source's.
    ("Observation?_sort=-date&_count=1&_total=none&_summary=true&_elements=code&status=amended", "Observation/w2"),
    ("Observation?code=29463-7&_sort=date", "Observation/w1 Observation/w2"),
    // What cannot be evaluated is refused by name.
    ("Observation?colour=blue", "refused colour"),
    ("Observation?code:above=1", "refused code:above"),
    ("Observation?date=yesterday", "refused date"),
    ("Observation?value-quantity=heavy", "refused value-quantity"),
    ("Observation?_has:Provenance:colour:agent=x", "refused _has:Provenance:colour:agent"),
    ("Observation?_include=*", "refused _include"),
    ("Observation?_include=Observation:colour", "refused _include"),
    ("Observation?_revinclude:sometimes=Provenance:target", "refused _revinclude:sometimes"),
    ("MedicationRequest?medication.colour=1", "refused medication.colour"),
];

/// Some of the same in STU3, which the chart is too.
pub(super) const STU3_ROWS: &[(&str, &str)] = &[
    ("Observation", "Observation/bp1 Observation/w1 Observation/w2 Observation/panel Observation/hb"),
    ("Observation?code=http://loinc.org|29463-7&date=ge2024-02-01", "Observation/w2"),
    ("Observation?component-code=8480-6", "Observation/bp1"),
    ("Observation?value-quantity=gt71|http://unitsofmeasure.org|kg", "Observation/w2"),
    ("Patient?_include=Patient:general-practitioner", "Patient/p1 + Practitioner/gp"),
    (
        "Coverage?_include=Coverage:payor:Organization&_include=Coverage:payor:Patient",
        "Coverage/policy + Organization/insurer",
    ),
    ("DeviceUseStatement?_include=DeviceUseStatement:device", "DeviceUseStatement/use + Device/aid"),
    (
        "MedicationRequest?category=http://snomed.info/sct|33633005&_include=MedicationRequest:medication\
            &_revinclude=Provenance:target",
        "MedicationRequest/ma1 MedicationRequest/ma2 + Medication/para Medication/metf Provenance/of-ma1",
    ),
    ("MedicationRequest?medication.code=100", "MedicationRequest/ma1 MedicationRequest/vv1"),
    ("MedicationDispense?category=http://snomed.info/sct|422037009", "MedicationDispense/ta1"),
    ("MedicationAdministration?medication.code=200", "MedicationAdministration/mtd1"),
    (
        "CareTeam?status=active&_include=CareTeam:participant&_include:recurse=PractitionerRole:organization",
        "CareTeam/team + PractitionerRole/role Practitioner/gp Organization/ward",
    ),
    ("Condition?clinical-status=active", "Condition/diabetes"),
    ("Observation?_sort=-date&_count=1&status=amended", "Observation/w2"),
    ("MedicationDispense?period-of-use=ge2024", "refused period-of-use"),
];
