"""MQTT: the client in its thread, the embedded broker, who may say what."""
