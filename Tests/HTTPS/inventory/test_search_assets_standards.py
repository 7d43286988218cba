"""Search Assets and Search Standards, within the folders that the caller has access to."""

import uuid

import pytest

from harness.client import API, assert_problem
from harness.directory import ALL_TASKS, ASSET_SYSTEM, ROOTS, STANDARDS
from harness.inventory import Inventory

KINDS = {"Assets": ("View assets", ASSET_SYSTEM, "Asset"), "Standards": ("View standards", STANDARDS, "Standard")}


@pytest.fixture
def inventory(database):
    return Inventory(database)


@pytest.fixture
def mark():
    return "m" + uuid.uuid4().hex[:10]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def tree(inventory, kind, mark):
    """Items in the root of a tree, in a folder, and in its sub-folder, named after these."""
    root = KINDS[kind][1]
    make = inventory.asset if kind == "Assets" else inventory.standard
    upper = inventory.folder(root, f"{mark} Upper")
    lower = inventory.folder(upper.id, "EMEA")
    other = inventory.folder(root, f"{mark} Other")
    for folder, name in ((root, "root"), (upper, "upper"), (lower, "lower"), (other, "other")):
        make(folder, f"{mark} {name}")
    return {"root": root, "upper": upper.id, "lower": lower.id, "other": other.id}


def search(client, kind, attributes=None, **parameters):
    if attributes is not None:
        parameters["attributes"] = attributes
    return client.get(f"{API}/{kind}", params=parameters)


def names(client, kind, mark, more="", **parameters):
    """The names, without the mark, of the test's items that a search finds."""
    response = search(client, kind, f"displayName StartsWith {mark}{more}", **parameters)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["TotalCount"] >= len(answer["Items"])
    return [item[f"{KINDS[kind][2]}Name"].removeprefix(mark + " ") for item in answer["Items"]]


# MARK: What is found


def test_an_asset_is_answered_with_the_path_of_its_folder(client, inventory, mark):
    folder = inventory.folder(inventory.folder(ASSET_SYSTEM, f"{mark} Unix").id, "EMEA")
    asset = inventory.asset(folder, f"{mark} redwood", asset_type="Unix-Machine")
    assert search(client, "Assets", f"displayName = {asset.name}").json() == {
        "Items": [
            {
                "AssetID": str(asset.id),
                "AssetName": asset.name,
                "AssetType": "Unix-Machine",
                "ContainerPath": f"Asset System\\{mark} Unix\\EMEA",
            }
        ],
        "TotalCount": 1,
        "Page": 0,
        "PageSize": 20,
    }


def test_a_standard_is_answered_with_its_version(client, inventory, mark):
    standard = inventory.standard(name=f"{mark} All DB2 checks", version="2.1")
    assert search(client, "Standards", f"StandardID = {standard.id}").json()["Items"] == [
        {
            "StandardID": str(standard.id),
            "StandardName": standard.name,
            "StandardVersion": "2.1",
            "ContainerPath": "Standards",
        }
    ]


@pytest.mark.parametrize(
    "condition, expected",
    [
        ("displayName = {} All DB2 *", ["all db2 one", "All DB2 two"]),
        ("displayName StartsWith {} red", ["Red three"]),
        ("(assetname Contains THREE, AssetName StartsWith {})", ["Red three"]),
        ("AssetName EndsWith e, displayName StartsWith {}", ["all db2 one", "Red three"]),
        ("AssetType = UNIX*, displayName StartsWith {}", ["all db2 one", "Red three"]),
        ("AssetType != Windows, displayName StartsWith {}", ["all db2 one", "Red three"]),
        ("AssetType = windows, displayName StartsWith {}", ["All DB2 two"]),
    ],
)
def test_the_forms_that_clients_send_find_assets(client, inventory, mark, condition, expected):
    for name, asset_type in (("all db2 one", "Unix-A"), ("All DB2 two", "Windows"), ("Red three", "unix-b")):
        inventory.asset(name=f"{mark} {name}", asset_type=asset_type)
    items = search(client, "Assets", condition.format(mark)).json()["Items"]
    assert [item["AssetName"].removeprefix(mark + " ") for item in items] == expected


def test_standards_are_found_by_version(client, inventory, mark):
    for version in ("1.0", "2.0", "2.1"):
        inventory.standard(name=f"{mark} {version}", version=version)
    assert names(client, "Standards", mark, ", StandardVersion = 2.*") == ["2.0", "2.1"]
    assert names(client, "Standards", mark, ", StandardVersion != 2.0") == ["1.0", "2.1"]


def test_items_come_in_the_order_of_their_names_whatever_their_case(client, inventory, kind, mark):
    make = inventory.asset if kind == "Assets" else inventory.standard
    made = [make(name=f"{mark} {name}") for name in ("b", "A", "c", "B", "a", "_", "b")]
    item_id = f"{KINDS[kind][2]}ID"
    attributes = f"displayName StartsWith {mark}"
    whole = search(client, kind, attributes).json()["Items"]
    assert [item[f"{KINDS[kind][2]}Name"].removeprefix(mark + " ").lower() for item in whole] == list("_aabbbc")
    answer, met = search(client, kind, attributes, pagesize=2).json(), []
    while True:
        met += answer["Items"]
        assert answer["TotalCount"] == len(made)
        if "NextCursor" not in answer:
            break
        answer = search(client, kind, attributes, cursor=answer["NextCursor"]).json()
    assert [item[item_id] for item in met] == [item[item_id] for item in whole]
    by_page = [i for page in range(4) for i in search(client, kind, attributes, pagesize=2, page=page).json()["Items"]]
    assert by_page == whole


# MARK: Where


def test_a_container_is_searched_with_what_lies_below_it_unless_told_otherwise(client, kind, tree, mark):
    root = next(name for name, identifier in ROOTS.items() if identifier == KINDS[kind][1])
    upper = f"{root}\\{mark} Upper"
    assert names(client, kind, mark) == ["lower", "other", "root", "upper"]
    assert names(client, kind, mark, Searchsubtree="False") == ["root"]
    for path in (upper, "\\" + upper, upper + "\\", upper.upper(), upper.replace("\\", "/"), f"/{root}/{mark} upper/"):
        assert names(client, kind, mark, ContainerPath=path) == ["lower", "upper"], path
        assert names(client, kind, mark, containerpath=path, searchsubtree="false") == ["upper"], path
    assert names(client, kind, mark, ContainerPath=upper + "\\emea") == ["lower"]
    assert names(client, kind, mark, ContainerPath=root) == ["lower", "other", "root", "upper"]
    assert names(client, kind, mark, ContainerPath="") == ["lower", "other", "root", "upper"]


def test_an_unknown_container_is_404(client, kind, tree, mark):
    root = next(name for name, identifier in ROOTS.items() if identifier == KINDS[kind][1])
    other_root = next(name for name, identifier in ROOTS.items() if identifier != KINDS[kind][1])
    for path in ("x", f"{root}\\{mark}", f"{mark} Upper", f"{root}\\{mark} Upper\\x", other_root, f"{root}\\EMEA", "%"):
        detail = assert_problem(search(client, kind, ContainerPath=path), 404)["detail"]
        assert detail == f'The folder "{path}" does not exist, or you have no access to it.'


def test_a_cursor_belongs_to_its_container(client, kind, tree, mark):
    root = next(name for name, identifier in ROOTS.items() if identifier == KINDS[kind][1])
    attributes = f"displayName StartsWith {mark}"
    cursor = search(client, kind, attributes, pagesize=1, ContainerPath=root).json()["NextCursor"]
    assert search(client, kind, attributes, cursor=cursor, ContainerPath=root.lower()).status_code == 200
    for other in ({}, {"ContainerPath": root, "Searchsubtree": "False"}, {"ContainerPath": f"{root}\\{mark} Upper"}):
        assert_problem(search(client, kind, attributes, cursor=cursor, **other), 400)


# MARK: Who may


def grants(directory, kind, *folders, tasks=ALL_TASKS):
    """A user with grants on these folders of the tree, and on the root of the other tree."""
    other = next(identifier for identifier in ROOTS.values() if identifier != KINDS[kind][1])
    return directory.user(tasks=tasks, folders=[*folders, other])


def test_one_sees_what_lies_in_and_below_the_granted_folders(directory, sign_in, kind, tree, mark):
    assert names(sign_in(grants(directory, kind, tree["upper"])), kind, mark) == ["lower", "upper"]
    assert names(sign_in(grants(directory, kind, tree["lower"])), kind, mark) == ["lower"]
    assert names(sign_in(grants(directory, kind, tree["lower"], tree["other"])), kind, mark) == ["lower", "other"]
    assert names(sign_in(grants(directory, kind, tree["root"])), kind, mark) == ["lower", "other", "root", "upper"]


def test_a_container_that_one_may_not_see_is_as_good_as_none(directory, sign_in, kind, tree, mark):
    root = next(name for name, identifier in ROOTS.items() if identifier == KINDS[kind][1])
    client = sign_in(grants(directory, kind, tree["lower"]))
    detail = assert_problem(search(client, kind, ContainerPath=f"{root}\\{mark} Other"), 404)["detail"]
    unknown = assert_problem(search(client, kind, ContainerPath=f"{root}\\{mark} Nowhere"), 404)["detail"]
    assert detail.replace("Other", "Nowhere") == unknown


def test_a_container_above_a_granted_folder_holds_what_one_may_see(directory, sign_in, kind, tree, mark):
    root = next(name for name, identifier in ROOTS.items() if identifier == KINDS[kind][1])
    client = sign_in(grants(directory, kind, tree["lower"]))
    for path in (root, f"{root}\\{mark} Upper", f"{root}\\{mark} Upper\\EMEA"):
        assert names(client, kind, mark, ContainerPath=path) == ["lower"]
    assert names(client, kind, mark, ContainerPath=f"{root}\\{mark} Upper", Searchsubtree="False") == []


def test_a_grant_that_is_taken_away_counts_at_once(directory, database, sign_in, kind, tree, mark):
    user = grants(directory, kind, tree["lower"], tree["other"])
    client = sign_in(user)
    database.rows("DELETE FROM directory.folder_grants WHERE role_id = %s AND folder_id = %s", user.role, tree["lower"])
    assert names(client, kind, mark) == ["other"]


def test_the_task_is_needed_and_no_other(directory, sign_in, kind, tree, mark):
    task = KINDS[kind][0]
    assert names(sign_in(directory.user(tasks=[task])), kind, mark) == ["lower", "other", "root", "upper"]
    powerless = sign_in(directory.user(tasks=[other for other in ALL_TASKS if other != task]))
    assert task in assert_problem(search(powerless, kind), 403)["detail"]


@pytest.mark.parametrize("missing", ROOTS)
def test_a_folder_in_each_tree_is_needed(directory, sign_in, kind, missing):
    user = directory.user(folders=[folder for name, folder in ROOTS.items() if name != missing])
    assert missing in assert_problem(search(sign_in(user), kind), 403)["detail"]


def test_without_a_token_it_is_401(anonymous, kind):
    assert_problem(search(anonymous, kind), 401)


# MARK: What is refused


@pytest.mark.parametrize(
    "parameters, text",
    [
        ({"attributes": "JobName = a"}, "Attributes cannot be understood at character 1"),
        ({"page": "-1"}, "page is invalid: expected an integer from 0 to 1000000000."),
        ({"pagesize": "1001"}, "pagesize is invalid: expected an integer from 1 to 1000."),
        ({"Searchsubtree": "maybe"}, "Searchsubtree is invalid: expected True or False."),
        ({"ContainerPath": "a\\\\b"}, "ContainerPath is invalid"),
        ({"ContainerPath": "/"}, "ContainerPath is invalid"),
        ({"cursor": "x"}, "cursor is invalid"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_rule(client, kind, parameters, text):
    assert assert_problem(search(client, kind, **parameters), 400)["detail"].startswith(text)


@pytest.mark.parametrize(
    "query", ["ContainerPath=a&containerpath=a", "ContainerPath=%FF", "Searchsubtree=%00", "page=0&page=0"]
)
def test_a_repeated_or_malformed_parameter_is_refused(client, kind, query):
    assert_problem(client.verbatim("GET", f"{API}/{kind}?{query}"), 400)
