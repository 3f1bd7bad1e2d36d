"""What the terminal says of a broken config.toml, in both languages."""

import pytest

from webapp.settings import SettingsError, load


@pytest.mark.parametrize(
    ("lang", "text", "told"),
    [
        ("zh", "max_pages = = 3", "config.toml：写法不对"),
        ("en", "max_pages = = 3", "config.toml: no valid TOML"),
        ("zh", "colour = 3", "没有 colour 这个设置"),
        ("en", "colour = 3", "there is no setting colour"),
        ("zh", 'max_pages = "many"', "max_pages 的值不对"),
        ("en", 'max_pages = "many"', "max_pages has a wrong value"),
    ],
)
def test_broken_settings__are_told_in_the_language_of_the_terminal(tmp_path, monkeypatch, lang, text, told):
    monkeypatch.setenv("PINGYI_LANG", lang)
    (tmp_path / "config.toml").write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=told):
        load(tmp_path, environ={})
