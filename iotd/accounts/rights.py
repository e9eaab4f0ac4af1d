"""The one rights table: which role may call which route.

Every declared route has a row here; a route without one is refused at start.
The tests make every allowed and every refused call from this table.
"""

from __future__ import annotations

ROLES = ("admin", "operator", "viewer", "doctor", "patient")

PUBLIC = frozenset({"*"})  # anyone, also without an account
LOOPBACK = frozenset({"@loopback", "*token"})  # this machine, or any token or session
SIGNED_IN = frozenset(ROLES)
ADMIN = frozenset({"admin"})
OPERATORS = frozenset({"admin", "operator"})
HEALTH = frozenset({"admin", "doctor", "patient"})  # of whom: by consent and ownership
OWNERS = frozenset({"admin", "patient"})  # make patients, change and remove them
ADVISERS = frozenset({"admin", "doctor"})  # write advice
WATCHERS = frozenset({"admin", "operator", "viewer"})

RIGHTS: dict[str, frozenset[str]] = {
    # site
    "site.healthz": PUBLIC,
    "site.readyz": PUBLIC,
    "site.metrics": LOOPBACK,
    "site.openapi": PUBLIC,
    "site.static": PUBLIC,
    "site.events": SIGNED_IN,
    "site.home": SIGNED_IN,
    # accounts
    "accounts.login_page": PUBLIC,
    "accounts.setup_page": PUBLIC,
    "accounts.users_page": ADMIN,
    "accounts.account_page": SIGNED_IN,
    "accounts.set_up": PUBLIC,
    "accounts.log_in": PUBLIC,
    "accounts.log_out": SIGNED_IN,
    "accounts.whoami": SIGNED_IN,
    "accounts.list_sessions": SIGNED_IN,
    "accounts.end_session": SIGNED_IN,
    "accounts.change_password": SIGNED_IN,
    "accounts.start_second_factor": SIGNED_IN,
    "accounts.confirm_second_factor": SIGNED_IN,
    "accounts.new_recovery_codes": SIGNED_IN,
    "accounts.list_users": ADMIN,
    "accounts.add_user": ADMIN,
    "accounts.change_user": ADMIN,
    "accounts.remove_user": ADMIN,
    "accounts.reset_user": ADMIN,
    "accounts.list_tokens": ADMIN,
    "accounts.add_token": ADMIN,
    "accounts.revoke_token": ADMIN,
    "accounts.list_audit": ADMIN,
    "accounts.verify_audit": ADMIN,
    # accounts: signing up, profiles, forgotten passwords
    "accounts.enrol_page": PUBLIC,
    "accounts.forgot_page": PUBLIC,
    "accounts.reset_page": PUBLIC,
    "accounts.sign_up": PUBLIC,
    "accounts.forgot_password": PUBLIC,
    "accounts.reset_password": PUBLIC,
    "accounts.get_account": SIGNED_IN,
    "accounts.change_account": SIGNED_IN,
    "accounts.remove_account": SIGNED_IN,
    "accounts.list_doctors": HEALTH,
    "accounts.list_sign_ups": ADMIN,
    "accounts.let_in": ADMIN,
    "accounts.refuse_sign_up": ADMIN,
    "accounts.verify_doctor": ADMIN,
    "accounts.reveal_national_id": ADMIN,
    # devices
    "devices.devices_page": OPERATORS,
    "devices.list_devices": OPERATORS,
    "devices.list_refusals": OPERATORS,
    "devices.get_device": OPERATORS,
    "devices.change_device": OPERATORS,
    "devices.remove_device": OPERATORS,
    "devices.approve": OPERATORS,
    "devices.revoke": OPERATORS,
    "devices.make_key": OPERATORS,
    "devices.command": OPERATORS,
    # fleet
    "fleet.list_boards": OPERATORS,
    "fleet.get_board": OPERATORS,
    "fleet.list_board_events": OPERATORS,
    "fleet.act_on_boards": OPERATORS,
    # updates
    "updates.list_firmware": OPERATORS,
    "updates.release_firmware": OPERATORS,
    "updates.list_rollouts": OPERATORS,
    "updates.start_rollout": OPERATORS,
    "updates.get_rollout": OPERATORS,
    "updates.cancel_rollout": OPERATORS,
    "updates.resume_rollout": OPERATORS,
    # flashing
    "flashing.list_kinds": OPERATORS,
    "flashing.add_board": OPERATORS,
    "flashing.prove_board": OPERATORS,
    "flashing.get_file": OPERATORS,
    "flashing.get_image": OPERATORS,
    # cameras
    "cameras.cameras_page": WATCHERS,
    "cameras.camera_page": WATCHERS,
    "cameras.wall_page": WATCHERS,
    "cameras.list_cameras": WATCHERS,
    "cameras.get_camera": WATCHERS,
    "cameras.start": OPERATORS,
    "cameras.stop": OPERATORS,
    "cameras.stream": WATCHERS,
    "cameras.snapshot": WATCHERS,
    "cameras.wall_stream": WATCHERS,
    # health
    "health.list_patients": HEALTH,
    "health.add_patient": OWNERS,
    "health.get_patient": HEALTH,
    "health.change_patient": OWNERS,
    "health.remove_patient": OWNERS,
    "health.list_accesses": HEALTH,
    "health.get_vitals": HEALTH,
    "health.list_readings": HEALTH,
    "health.add_reading": HEALTH,
    "health.remove_reading": OWNERS,
    "health.readings_csv": HEALTH,
    "health.get_sheet": HEALTH,
    "health.sheet_csv": HEALTH,
    "health.list_patient_alerts": HEALTH,
    "health.get_alert_rules": HEALTH,
    "health.change_alert_rules": HEALTH,
    "health.list_alerts": HEALTH | OPERATORS,  # operators: those of devices
    "health.acknowledge_alert": HEALTH | OPERATORS,
    "health.snooze_alert": HEALTH | OPERATORS,
    "health.cancel_alert": HEALTH | OPERATORS,
    "health.test_alerts": ADMIN,
    "health.patients_page": HEALTH,
    "health.patient_page": HEALTH,
    "health.monitoring_page": HEALTH,
    "health.charts_page": HEALTH,
    "health.data_page": HEALTH,
    "health.report_page": HEALTH,
    "health.habits_page": HEALTH,
    # health: labs
    "health.list_labs": HEALTH,
    "health.put_labs": HEALTH,
    "health.remove_labs": HEALTH,
    "health.labs_csv": HEALTH,
    "health.import_labs": HEALTH,
    "health.labs_page": HEALTH,
    "health.list_analytes": HEALTH,
    "health.list_lab_ranges": ADMIN,
    "health.put_lab_ranges": ADMIN,
    # health: questionnaire
    "health.get_questionnaire": HEALTH,
    "health.change_questionnaire": OWNERS,
    "health.questionnaire_form": HEALTH,
    "health.questionnaire_csv": HEALTH,
    "health.questionnaire_page": HEALTH,
    # health: advice and notes
    "health.get_advice": HEALTH,
    "health.change_advice": ADVISERS,
    "health.list_advice_versions": HEALTH,
    "health.list_notes": HEALTH,
    "health.add_note": HEALTH,
    "health.change_note": HEALTH,
    "health.list_note_versions": HEALTH,
    "health.advice_page": HEALTH,
    # health: sharing
    "health.list_shares": OWNERS,
    "health.add_share": OWNERS,
    "health.revoke_share": OWNERS,
    "health.open_link": PUBLIC,
    "health.sharing_page": OWNERS,
    "health.shared_page": PUBLIC,
    # health: report
    "health.report_pdf": HEALTH,
    # health: fhir
    "health.export_fhir": HEALTH,
    "health.import_fhir": HEALTH,
    # health: habits
    "health.list_ready_habits": HEALTH,
    "health.list_habits": HEALTH,
    "health.add_habit": OWNERS,
    "health.order_habits": OWNERS,
    "health.change_habit_settings": OWNERS,
    "health.get_habit": HEALTH,
    "health.change_habit": OWNERS,
    "health.remove_habit": OWNERS,
    "health.list_checkins": HEALTH,
    "health.add_checkin": OWNERS,
    "health.remove_checkin": OWNERS,
    # health: nutrition (room cabinet)
    "cabinet.get_nutrition": HEALTH,
    "cabinet.list_nutrition_days": HEALTH,
    "cabinet.get_nutrition_targets": HEALTH,
    "cabinet.change_nutrition_targets": OWNERS,
    "cabinet.get_item_nutrition": HEALTH,
    "cabinet.change_item_nutrition": OWNERS,
    # cabinet: doctors look, what is done with it is the owner's
    "cabinet.list_cabinets": HEALTH,
    "cabinet.get_cabinet": HEALTH,
    "cabinet.history": HEALTH,
    "cabinet.picture": HEALTH,
    "cabinet.boxes": HEALTH,
    "cabinet.look": OWNERS,
    "cabinet.lights": OWNERS,
    "cabinet.list_items": HEALTH,
    "cabinet.add_item": OWNERS,
    "cabinet.get_item": HEALTH,
    "cabinet.change_item": OWNERS,
    "cabinet.remove_item": OWNERS,
    "cabinet.correct": OWNERS,
    "cabinet.undo": OWNERS,
    "cabinet.list_photos": HEALTH,
    "cabinet.add_photo": OWNERS,
    "cabinet.get_photo": HEALTH,
    "cabinet.remove_photo": OWNERS,
    "cabinet.journal": HEALTH,
    "cabinet.barcode": OWNERS,
    "cabinet.cabinets_page": HEALTH,
    "cabinet.cabinet_page": HEALTH,
    # campus: pages
    "campus.campus_page": WATCHERS,
    "campus.students_page": OPERATORS,
    "campus.gates_page": OPERATORS,
    "campus.register_page": PUBLIC,
    # campus: counts
    "campus.summary": WATCHERS,
    "campus.trends": WATCHERS,
    "campus.trends_csv": WATCHERS,
    "campus.heatmap": WATCHERS,
    "campus.heatmap_csv": WATCHERS,
    "campus.demographics": WATCHERS,
    "campus.demographics_csv": WATCHERS,
    "campus.insights": WATCHERS,  # names in it: OPERATORS
    "campus.insights_csv": WATCHERS,  # likewise
    # campus: movements and corrections
    "campus.recent": OPERATORS,
    "campus.list_movements": OPERATORS,
    "campus.movements_csv": OPERATORS,
    "campus.correct": OPERATORS,
    "campus.reset": OPERATORS,
    # campus: register
    "campus.list_students": OPERATORS,
    "campus.add_student": OPERATORS,
    "campus.students_csv": OPERATORS,
    "campus.import_students": OPERATORS,
    "campus.import_progress": OPERATORS,
    "campus.get_student": OPERATORS,
    "campus.change_student": OPERATORS,
    "campus.erase_student": OPERATORS,
    "campus.put_mac": OPERATORS,
    "campus.put_badge": OPERATORS,
    "campus.remove_identifier": OPERATORS,
    "campus.make_code": OPERATORS,
    "campus.register_device": PUBLIC,
    # campus: gates
    "campus.list_gates": OPERATORS,
    "campus.get_gate": OPERATORS,
    "campus.change_gate": OPERATORS,
    "campus.get_intake": OPERATORS,
}

# server-sent events by name: who hears them
EVENTS: dict[str, frozenset[str]] = {
    "device": OPERATORS,
    "board": OPERATORS,
    "rollout": OPERATORS,
    "camera": WATCHERS,
    # of these each hears only what is theirs: iotd.health.access
    "reading": HEALTH,
    "alert": HEALTH | OPERATORS,
    "cabinet": HEALTH,
    "record": HEALTH,
    "movement": OPERATORS,
    "occupancy": WATCHERS,
}


def may(role: str | None, route_name: str, loopback: bool = False) -> bool:
    """Whether ``role`` (None: nobody signed in) may call the route; ``loopback``
    says that the call comes from this very machine."""
    allowed = RIGHTS[route_name]
    if allowed == PUBLIC or (loopback and "@loopback" in allowed):
        return True
    return role is not None and ("*token" in allowed or role in allowed)


def hears(role: str, event_name: str) -> bool:
    """Whether a server-sent event of this name is for ``role``; unknown names are for nobody."""
    return role in EVENTS.get(event_name, frozenset())
