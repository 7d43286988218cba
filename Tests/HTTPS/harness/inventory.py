"""Folders, assets, standards and evaluation results, written by SQL."""

import uuid
from dataclasses import dataclass

from harness.directory import ASSET_SYSTEM, STANDARDS, unique


@dataclass
class Item:
    id: uuid.UUID
    name: str


class Inventory:
    def __init__(self, database):
        self.database = database

    def folder(self, parent, name=None):
        name = name or unique("folder")
        identifier = self.database.value(
            "INSERT INTO directory.folders (parent_id, folder_name) VALUES (%s, %s) RETURNING folder_id", parent, name
        )
        return Item(identifier, name)

    def asset(self, folder=ASSET_SYSTEM, name=None, asset_type="symc-csm-AssetSystem-Asset-Unix-Machine"):
        asset = Item(uuid.uuid4(), name or unique("asset"))
        self.database.rows(
            "INSERT INTO directory.assets (asset_id, asset_name, asset_type, folder_id) VALUES (%s, %s, %s, %s)",
            asset.id,
            asset.name,
            asset_type,
            getattr(folder, "id", folder),
        )
        return asset

    def standard(self, folder=STANDARDS, name=None, version="1.0"):
        standard = Item(uuid.uuid4(), name or unique("standard"))
        self.database.rows(
            "INSERT INTO directory.standards (standard_id, standard_name, standard_version, folder_id) "
            "VALUES (%s, %s, %s, %s)",
            standard.id,
            standard.name,
            version,
            getattr(folder, "id", folder),
        )
        return standard

    def results(self, history, run, asset, standard, checks, version=None, time="2026-01-05T12:00:00Z"):
        """Adds results to an existing run: pairs of a check and its outcome."""
        first = self.database.value(
            "SELECT coalesce(max(row_number) + 1, 0) FROM store.evaluation_results WHERE history_id = %s AND run_id = %s",
            history,
            run,
        )
        for number, (check, outcome) in enumerate(checks):
            self.database.rows(
                """
                INSERT INTO store.evaluation_results (history_id, run_id, row_number, asset_id, standard_id, check_id,
                    outcome, evidence, evaluated_at, standard_version)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
                """,
                history,
                run,
                first + number,
                asset.id,
                standard.id,
                check,
                outcome,
                f"evidence of {check}",
                time,
                version,
            )
