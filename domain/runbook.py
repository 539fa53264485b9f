"""What each fault means and what to do about it, in order: shown in messages, by the API and in the runbook."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.faults import Fault


@dataclass(frozen=True, slots=True)
class RunbookEntry:
    """What a fault means in a sentence, and the steps to take; backquotes mark what is typed."""

    meaning: str
    steps: tuple[str, ...]


RUNBOOK: Mapping[Fault, RunbookEntry] = {
    Fault.SIGNAL_LOSS: RunbookEntry(
        "Sightline gets no connection to the camera, or it broke off.",
        (
            (
                "Look whether other cameras of the same switch or site are lost too: then start with the "
                "switch and its power."
            ),
            "Check the camera's power (PoE port, power supply) and its network cable.",
            "Open the camera's own page from this machine; `sightline cameras test NAME` shows what it answers.",
            "If its address changed, run `sightline cameras discover`.",
        ),
    ),
    Fault.NO_FRAMES: RunbookEntry(
        "The camera accepts the connection and sends no picture.",
        (
            "Restart the camera.",
            "Count who reads it: most cameras allow three to five sessions. Give Sightline the recorder's restream.",
            "Check that the stream exists under this address, and that its video is switched on.",
        ),
    ),
    Fault.LOGIN_REFUSED: RunbookEntry(
        "The camera refuses user or password. Sightline tries rarely, so that no account is locked.",
        (
            "Find out whether somebody changed the password, and enter the new one for this camera.",
            "If the account is locked, wait or unlock it on the camera's page.",
            "Check that the user may watch the stream.",
        ),
    ),
    Fault.CODEC_UNSUPPORTED: RunbookEntry(
        "The stream arrives in a codec that cannot be decoded here.",
        (
            "Choose H.264 or H.265 in the camera's settings, without a maker's own codec.",
            "`sightline doctor` says which codecs this installation reads.",
        ),
    ),
    Fault.LOW_FPS: RunbookEntry(
        "Fewer pictures a second arrive than is usual for this camera.",
        (
            "Look whether others of the same switch or uplink have it too: then the network is too narrow.",
            "Check who else reads the camera, and its processor's load on its own page.",
            (
                "Check whether its frame rate or its exposure time at night was changed on purpose; then "
                "accept the view."
            ),
        ),
    ),
    Fault.BITRATE_STARVED: RunbookEntry(
        "The encoder gets too few bits, so that moving things become blocks.",
        (
            "Raise the bitrate limit in the camera, or lower the frame rate.",
            "Check the load of the uplink, and whether a limit was set on the switch.",
        ),
    ),
    Fault.DECODE_ERRORS: RunbookEntry(
        "Packets are lost on the way, and the decoder cannot repair the picture.",
        (
            "Set the transport to `tcp` for this camera.",
            "Look for errors on the switch port; replace the cable or the radio link.",
            "Check the load of the uplink.",
        ),
    ),
    Fault.RESOLUTION_CHANGED: RunbookEntry(
        "The picture has another size than before.",
        (
            "If somebody changed it on purpose, accept the view: `sightline cameras accept NAME`.",
            (
                "Else set it back: some cameras fall back to factory settings after a power cut. Check "
                "the camera's other settings too."
            ),
        ),
    ),
    Fault.CODEC_CHANGED: RunbookEntry(
        "The stream comes in another codec than before.",
        (
            "If somebody changed it on purpose, nothing is to be done.",
            "Else check the camera's settings: it may have fallen back to factory settings.",
        ),
    ),
    Fault.BLACK: RunbookEntry(
        "The picture is black.",
        (
            "Look whether the lens is capped or covered.",
            "Check the exposure settings and the iris; restart the camera.",
            "If the scene is dark at that hour and has no lamp, check the infrared lamp.",
        ),
    ),
    Fault.TOO_DARK: RunbookEntry(
        "The scene is much darker than usual.",
        (
            "Check the lamps of the place, and the camera's infrared lamp.",
            "Check exposure, gain and iris.",
        ),
    ),
    Fault.TOO_BRIGHT: RunbookEntry(
        "Large parts of the picture are burnt out.",
        (
            "Check exposure and backlight settings; restart the camera.",
            "Look whether a new lamp or a reflecting surface is in the view.",
        ),
    ),
    Fault.GLARE: RunbookEntry(
        "A light shines into the lens.",
        (
            "Look for the light: a low sun, headlights, a new lamp. Turn the lamp or shade the lens.",
            (
                "If it comes every day at that hour and is accepted, switch the fault off for this "
                "camera: `faults: {glare: off}`."
            ),
        ),
    ),
    Fault.BLUR: RunbookEntry(
        "The picture is out of focus, or smeared.",
        (
            "Clean the lens and the dome; look for dew, spider webs and rain drops.",
            "Start the camera's focusing, or turn its focus ring.",
            "If it was refocused on purpose, accept the view.",
        ),
    ),
    Fault.NOISE: RunbookEntry(
        "The picture is noisy.",
        (
            "Check the light of the scene and the infrared lamp: noise by night means too little light.",
            "Lower the gain limit, or raise the exposure time.",
            "If it is noisy in daylight, the sensor may be failing: plan to replace the camera.",
        ),
    ),
    Fault.SNOW: RunbookEntry(
        "Specks as of a bad analogue signal.",
        (
            "Check the coaxial cable and its plugs at both ends.",
            "Check the camera's power supply, then swap the encoder's input.",
        ),
    ),
    Fault.STRIPES: RunbookEntry(
        "Bars run through the picture.",
        (
            "Check cable and grounding: bars often come from a ground loop or mains.",
            "Look at exposure settings (50 or 60 Hz) under lamps.",
        ),
    ),
    Fault.LOW_CONTRAST: RunbookEntry(
        "The picture is washed out: fog, drops, dirt or a film on the lens.",
        (
            "Look at the weather and at neighbouring cameras: fog passes.",
            "Clean lens and dome; look for dew inside the housing.",
        ),
    ),
    Fault.COLOUR_CAST: RunbookEntry(
        "The colours lean to one side.",
        (
            "Check the white balance; set it to automatic.",
            "Look for a coloured lamp or a film on the lens.",
        ),
    ),
    Fault.IR_CUT: RunbookEntry(
        "By day the picture is magenta: the infrared filter is stuck.",
        (
            "Switch day and night mode by hand a few times: it often frees the filter.",
            "Restart the camera; if it comes again, replace the camera.",
        ),
    ),
    Fault.BLOCKINESS: RunbookEntry(
        "The picture consists of visible blocks.",
        (
            "Raise the bitrate or quality in the camera's settings.",
            "Look whether another stream of the camera was chosen by mistake.",
        ),
    ),
    Fault.FREEZE: RunbookEntry(
        "The same picture comes again and again.",
        (
            "Restart the camera.",
            "If it is behind a recorder or encoder, restart that and look at the camera directly.",
            "If nothing can move in the scene at all, switch the fault off for this camera.",
        ),
    ),
    Fault.COVERED: RunbookEntry(
        "The lens is covered or sprayed.",
        (
            (
                "Look at the picture and at neighbouring cameras, and send somebody to the camera: this "
                "may be an attack."
            ),
            "Remove the cover or clean the lens.",
            "If an object is there to stay, move the camera or accept the view.",
        ),
    ),
    Fault.CAMERA_MOVED: RunbookEntry(
        "The camera looks somewhere else.",
        (
            "Compare the picture with what it should show, and look at what happened around that time.",
            "Turn it back; tighten its mount.",
            "If the new view is wanted, accept it: `sightline cameras accept NAME`.",
        ),
    ),
    Fault.SHAKE: RunbookEntry(
        "The camera shakes.",
        (
            "Tighten the mount; look at the mast in wind.",
            "Switch on the camera's image stabiliser.",
        ),
    ),
    Fault.CORRUPT_PICTURE: RunbookEntry(
        "Parts of the picture are smeared, torn or lost.",
        (
            "Set the transport to `tcp` for this camera.",
            "Look for errors on the switch port; replace the cable.",
            "Update the camera's firmware; restart it.",
        ),
    ),
    Fault.PLACEHOLDER: RunbookEntry(
        "A slate, a flat colour or colour bars come in place of the scene.",
        (
            (
                "Look behind the recorder or encoder: it shows this when its camera is lost. Check that "
                "camera's power and cable."
            ),
            "Check that the right channel was chosen.",
        ),
    ),
    Fault.DETECTION_IMPAIRED: RunbookEntry(
        "People and vehicles are found worse here than is usual at this hour, so that what builds on them misses some.",
        (
            "Look whether the picture is hazy, dark, soft or coarse, and whether something stands close to the camera.",
            "Clean the lens and the dome; look for a lamp that failed and for a changed exposure or bitrate.",
            "If the view was changed on purpose, accept it: `sightline cameras accept NAME`.",
        ),
    ),
    Fault.POOR_FACES: RunbookEntry(
        "Faces can be found, but they are too poor to recognise anybody, unlike what is usual at this hour.",
        (
            "Look whether a face in the picture is soft, noisy, smeared by motion, or dark against the light.",
            "Shorten the exposure time or add light; check focus, and clean the lens.",
            "Raise the bitrate if faces turn to blocks when they move.",
        ),
    ),
}
