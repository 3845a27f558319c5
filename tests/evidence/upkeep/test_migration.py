"""Migrations without their model change, and the reverse."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Files, Review, of

MODELS = """\
from django.db import models


class Order(models.Model):
    total = models.DecimalField(max_digits=9, decimal_places=2)
    note = models.CharField(max_length=40)
"""
FIRST = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Order", [("total", models.DecimalField()), ("note", models.CharField(max_length=40))]),
    ]
"""
SECOND = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.AddField(model_name="order", name="paid_at", field=models.DateTimeField(null=True)),
    ]
"""
PAID = f"{MODELS}    paid_at = models.DateTimeField(null=True)\n"
ABSTRACT = """

class A(models.Model):
    class Meta:
        abstract = True

    at = models.DateField()
"""
SHOP: Files = {"shop/models.py": MODELS, "shop/migrations/0001_initial.py": FIRST, "shop/migrations/__init__.py": ""}

TABLE = """\
from sqlalchemy import Column, Integer, String


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    name = Column(String)
"""
VERSION = "def upgrade():\n    op.create_table('users', sa.Column('id'), sa.Column('name'))\n"
ALEMBIC: Files = {"app/tables.py": TABLE, "db/env.py": "x = 1\n", "db/versions/1a_users.py": VERSION}

DUMP = """\
ActiveRecord::Schema[7.1].define(version: 2024_01_02_030405) do
  create_table "users", force: :cascade do |t|
    t.string "name", null: false
  end
end
"""
RAILS: Files = {
    "db/schema.rb": DUMP,
    "db/migrate/20240102030405_create_users.rb": "def change\n  create_table :users { |t| t.string :name }\nend\n",
}
ADD_AGE = (
    "class AddAge < ActiveRecord::Migration[7.1]\n  def change\n    add_column :users, :age, :integer\n  end\nend\n"
)
WITH_AGE = DUMP.replace("null: false\n", 'null: false\n    t.integer "age"\n')

PRISMA = "model User {\n  id   Int    @id\n  name String\n  posts Post[]\n}\n\nmodel Post {\n  id Int @id\n}\n"
SQL = 'CREATE TABLE "User" ("id" INTEGER, "name" TEXT);\n'
SCHEMA: Files = {"prisma/schema.prisma": PRISMA, "prisma/migrations/01_init/migration.sql": SQL}


@pytest.mark.parametrize(
    ("before", "after", "where", "words"),
    [
        (SHOP, {"shop/models.py": PAID}, ("shop/models.py", "new", 6), "Order.paid_at is new here"),
        (SHOP, {"shop/models.py": MODELS.replace("40", "80")}, ("shop/models.py", "new", 5), "Order.note is altered"),
        (SHOP, {"shop/models.py": MODELS.replace("    note = models.CharField(max_length=40)\n", "")},
         ("shop/models.py", "old", 5), "Order.note is taken out"),
        (SHOP, {"shop/migrations/0002_paid.py": SECOND}, ("shop/migrations/0002_paid.py", "new", 5),
         "The migration adds order.paid_at"),
        (ALEMBIC, {"app/tables.py": f"{TABLE}    email = Column(String)\n"}, ("app/tables.py", "new", 8),
         "User.email is new"),
        (ALEMBIC, {"db/versions/2b_mail.py": "def upgrade():\n    op.add_column('users', sa.Column('email'))\n"},
         ("db/versions/2b_mail.py", "new", 1), "adds users.email"),
        (RAILS, {"db/migrate/20240203040506_add_age.rb": ADD_AGE}, ("db/migrate/20240203040506_add_age.rb", "new", 0),
         "db/schema.rb still is of version 2024_01_02_030405"),
        (RAILS, {"db/schema.rb": WITH_AGE}, ("db/schema.rb", "new", 3), "no migration in db/migrate/ makes it"),
        (SCHEMA, {"prisma/schema.prisma": PRISMA.replace("String\n", "String\n  age  Int?\n")},
         ("prisma/schema.prisma", "new", 3), "User.age is new"),
        (SCHEMA, {"prisma/migrations/02_age/migration.sql": 'ALTER TABLE "User" ADD COLUMN "age" INTEGER;\n'},
         ("prisma/migrations/02_age/migration.sql", "new", 0), "adds User.age"),
    ],
)  # fmt: skip
def test_one_side_without_the_other(
    review: Review, before: Files, after: Files, where: tuple[str, str, int], words: str
) -> None:
    found = of(review(before, after), "upkeep:migration")
    assert [(one.file, one.side, one.range.start.line) for one in found] == [where]
    assert words in found[0].message
    assert found[0].raised_by == ("database",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SHOP, {"shop/models.py": PAID, "shop/migrations/0002_paid.py": SECOND}),
        (SHOP, {"shop/models.py": MODELS.replace("max_length=40", "max_length=40, help_text='why'")}),
        (SHOP, {"shop/models.py": f"{MODELS}\n    def paid_at(self):\n        return self.total\n"}),
        ({"shop/models.py": MODELS}, {"shop/models.py": PAID}),
        (SHOP, {"other/forms.py": PAID}),
        ({**SHOP, "shop/migrations/0002_paid.py": SECOND}, {"shop/models.py": PAID}),
        (SHOP, {"shop/models.py": MODELS + "\n\nclass F(forms.Form):\n    paid_at = forms.DateField()\n"}),
        (SHOP, {"shop/models.py": MODELS + ABSTRACT}),
        (ALEMBIC, {"app/tables.py": f"{TABLE}    email = Column(String)\n",
                   "db/versions/2b_mail.py": "def upgrade():\n    op.add_column('users', sa.Column('email'))\n"}),
        (ALEMBIC, {"app/views.py": "class V:\n    email = Column(String)\n"}),
        (RAILS, {"db/migrate/20240203040506_add_age.rb": ADD_AGE,
                 "db/schema.rb": WITH_AGE.replace("2024_01_02_030405", "2024_02_03_040506")}),
        (RAILS, {"db/schema.rb": DUMP.replace("null: false", 'default: "x", null: false')}),
        (SCHEMA, {"prisma/schema.prisma": PRISMA.replace("String\n", "String\n  age  Int?\n"),
                  "prisma/migrations/02_age/migration.sql": 'ALTER TABLE "User" ADD COLUMN "age" INTEGER;\n'}),
        (SCHEMA, {"prisma/schema.prisma": PRISMA.replace("Post[]\n", "Post[]\n  others Post[]\n")}),
    ],
)  # fmt: skip
def test_both_sides_or_neither(review: Review, before: Files, after: Files) -> None:
    assert of(review(before, after), "upkeep:migration") == []


def test_a_column_on_its_way_to_another_name_needs_no_model(review: Review) -> None:
    exchange = (
        "def upgrade():\n"
        "    op.add_column('users', sa.Column('new_id', UUID()))\n"
        "    op.drop_column('users', 'id')\n"
        "    op.alter_column('users', 'new_id', new_column_name='id')\n\n\n"
        "def downgrade():\n"
        "    op.add_column('users', sa.Column('old_id', sa.Integer()))\n"
    )
    assert of(review(ALEMBIC, {"db/versions/2b_ids.py": exchange}), "upkeep:migration") == []
