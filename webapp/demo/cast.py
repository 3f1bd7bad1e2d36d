"""Who and what is in the demonstration: the people, the units with their members, the meetings and their numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from webapp.rights import Role

SEED = 20110715
COLLEGE, GENERAL, DIRECT = "材料科学与工程学院党委", "外国语学院党总支", "体育教学部直属党支部"
OFFICES, RETIRED = "机关党总支", "离退休人员工作处党总支"
BRANCH, SECOND, STUDENTS = "材料学院教工第一党支部", "材料学院教工第二党支部", "材料学院学生党支部"
UNITS = ((COLLEGE, "college"), (GENERAL, "general"), (DIRECT, "direct"), (OFFICES, "general"), (RETIRED, "general"))
MEMBERS = (
    "王芳", "李建国", "张丽娟", "巴特尔", "乌云其其格", "陈志远", "刘洋", "赵淑珍", "苏日娜", "买买提·阿不都热合曼",
    "孙玉梅", "周明", "额尔敦巴雅尔", "吴晓东", "郑海燕", "冯国强", "喆祎", "䶮",
)  # fmt: skip
BRANCHES = {
    BRANCH: MEMBERS,
    SECOND: (
        "赵明远", "高娃", "林涛", "何建华", "斯琴高娃", "马文静", "韩雪", "宝音", "徐立新", "邓小燕", "曹阳", "唐俊",
        "其木格",
    ),
    STUDENTS: ("娜仁", "石磊", "方圆", "白音", "杜鹃", "江海", "叶青", "萨日娜", "郭靖宇"),
}  # fmt: skip
CADRES = ("赵明远", "孙玉梅", "林涛", "娜仁")
GROUPS = {
    COLLEGE: (("赵明远", "head", "党委书记"), ("林涛", "deputy", "院长"), ("孙玉梅", "member", "教工第一党支部书记")),
    GENERAL: (("郝志强", "head", "党总支书记"), ("田敏", "member", "院长")),
    DIRECT: (("牛建军", "head", "党支部书记"),),
    OFFICES: (("贺春梅", "head", "党总支书记"), ("丁一凡", "deputy", "副书记")),
    RETIRED: (("史宝山", "head", "党总支书记"),),
}  # fmt: skip
LIAISON, LEADER = "李宏", "布和"  # who watches every level-2 meeting, and the school leader he reports to
COMMITTEE = "钱志刚"  # sent to the meetings of the branches
FLEXIBLE = {
    OFFICES: (("sessions", "door"), "各处室须留人值守，分两批进行"),
    RETIRED: (("door", "post", "phone"), "多数老同志行动不便，分散居住"),
}
PROMISES = {
    COLLEGE: "\t年内开放三个公共实验室\t2011-03-20\n\t学生反映的问题七日内答复\t2011-03-20",
    BRANCH: "王芳\t每周到学生宿舍答疑一次\t2011-03-25\n孙玉梅\t带两名青年教师\t2011-03-25",
}


@dataclass(frozen=True, slots=True)
class Hall:
    """One meeting of the demonstration: whom it rates, on which form, and its numbers."""

    unit: str
    form: str
    held_on: dt.date
    place: str
    presider: str
    supervisor: str
    expected: dict[str, int]
    present: dict[str, int]
    copies: int
    spoiled: int
    returned: int
    seed: int
    members: tuple[str, ...] = ()
    closed: bool = False
    choices: tuple[float, ...] = (55, 28, 12, 5)  # how its raters lean, from 满意 to 不满意

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whom its sheets are about: the unit, each member, or nobody alone where they are rosters."""
        if self.form == "member":
            return self.members
        return () if self.members else (self.unit,)

    @property
    def roster(self) -> tuple[str, ...]:
        """The names on its sheets, where they are rosters."""
        return () if self.subjects else self.members

    @property
    def at_doors(self) -> int:
        """How many of the staff are asked at their doors a day later, where the unit's plan is flexible."""
        return self.present["staff"] // 4 if self.unit in FLEXIBLE else 0

    def numbers(self) -> Iterator[tuple[tuple[str, str, str], str]]:
        """Yield the head counts of the meeting as they are entered: a rater is handed a sheet for each subject."""
        each = max(1, len(self.subjects))
        later = {"staff": self.at_doors}
        for rater_class, number in self.expected.items():
            yield ("expected", "", rater_class), str(number - later.get(rater_class, 0))
        for rater_class, number in self.present.items():
            yield ("present", "", rater_class), str(number - later.get(rater_class, 0))
            yield ("issued", self.form, rater_class), str((number - later.get(rater_class, 0)) * each)
        yield ("spoiled", self.form, ""), str(self.spoiled * each)
        yield ("spare", self.form, ""), str((self.copies - sum(self.present.values()) - self.spoiled) * each)

    def numbers_at_doors(self) -> Iterator[tuple[tuple[str, str, str], str]]:
        """Yield the head counts of those who were asked at their doors."""
        for kind, form in (("expected", ""), ("present", ""), ("issued", self.form)):
            yield (kind, form, "staff"), str(self.at_doors)


PEOPLE = {
    "陈静": Role.SCHOOL_OFFICE, "李娜": Role.UNIT_ADMINISTRATOR, "刘婷": Role.SCANNER, "王强": Role.SCANNER,
    "何晓": Role.TRANSCRIBER, "周正": Role.SCRUTINEER, LIAISON: Role.LIAISON, LEADER: Role.SCHOOL_LEADER,
    COMMITTEE: Role.COMMITTEE_MEMBER,
}  # fmt: skip

# The first is open and waits for the newcomer; of the unit that is not here no meeting is known yet: it is late.
HALLS = (
    Hall(
        OFFICES, "org", dt.date(2011, 7, 14), "行政楼二楼会议室", "贺春梅", LIAISON,
        {"staff": 40, "student": 6}, {"staff": 36, "student": 6}, copies=46, spoiled=1, returned=40, seed=SEED,
    ),
    Hall(
        BRANCH, "roster-items", dt.date(2011, 7, 13), "材料楼 204", "孙玉梅", COMMITTEE,
        {"staff": 17, "student": 9}, {"staff": 15, "student": 8}, copies=26, spoiled=0, returned=23, seed=SEED + 1,
        members=MEMBERS, closed=True,
    ),
    Hall(
        SECOND, "roster-overall", dt.date(2011, 7, 12), "材料楼 206", "赵明远", COMMITTEE,
        {"staff": 14, "student": 8}, {"staff": 13, "student": 7}, copies=22, spoiled=1, returned=20, seed=SEED + 2,
        members=BRANCHES[SECOND], closed=True,
    ),
    Hall(
        STUDENTS, "member", dt.date(2011, 7, 14), "学生公寓活动室", "娜仁", COMMITTEE,
        {"staff": 5, "student": 8}, {"staff": 4, "student": 8}, copies=12, spoiled=0, returned=12, seed=SEED + 3,
        members=BRANCHES[STUDENTS], closed=True,
    ),
    Hall(
        COLLEGE, "org", dt.date(2011, 7, 15), "材料楼报告厅", "赵明远", LIAISON,
        {"staff": 50, "student": 26}, {"staff": 45, "student": 23}, copies=80, spoiled=2, returned=66, seed=SEED + 4,
        closed=True,
    ),
    Hall(
        GENERAL, "org", dt.date(2011, 7, 18), "外语楼 301", "郝志强", LIAISON,
        {"staff": 24, "student": 8}, {"staff": 21, "student": 7}, copies=30, spoiled=0, returned=28, seed=SEED + 5,
        closed=True, choices=(12, 20, 20, 48),
    ),
    Hall(
        DIRECT, "org", dt.date(2011, 7, 19), "体育馆会议室", "牛建军", LIAISON,
        {"staff": 22, "student": 8}, {"staff": 13, "student": 7}, copies=22, spoiled=0, returned=19, seed=SEED + 6,
    ),
)  # fmt: skip
